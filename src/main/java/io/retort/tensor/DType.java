package io.retort.tensor;

/** The type of a tensor's elements. */
public enum DType {
  FLOAT32(4),
  INT32(4),
  UINT8(1);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }
}
