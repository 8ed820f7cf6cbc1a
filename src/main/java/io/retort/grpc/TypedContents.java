package io.retort.grpc;

import inference.OpenInferenceGrpc.InferTensorContents;
import io.retort.bus.FailureException;
import io.retort.oip.Datatype;
import io.retort.oip.InputTensor;

/** The numbers of a tensor in the list that its datatype has in the message. */
record TypedContents(InferTensorContents contents, Datatype datatype, InputTensor input) {
  private interface Numbers {
    float at(int index);
  }

  /**
   * The numbers as float32; a new array.
   *
   * @throws FailureException for numbers in another list, too many or too few of them, or one that
   *     its datatype does not have
   */
  float[] read() {
    return switch (datatype) {
      case FP16 -> throw InputTensor.refused("of datatype FP16 must come in raw_input_contents");
      case FP32 -> read("fp32", contents.getFp32ContentsCount(), contents::getFp32Contents);
      case FP64 ->
          read("fp64", contents.getFp64ContentsCount(), i -> (float) contents.getFp64Contents(i));
      case INT8, INT16, INT32 -> read("int", contents.getIntContentsCount(), this::signed);
      case INT64 -> read("int64", contents.getInt64ContentsCount(), contents::getInt64Contents);
      case UINT8, UINT16, UINT32 -> read("uint", contents.getUintContentsCount(), this::unsigned);
      case UINT64 ->
          read(
              "uint64",
              contents.getUint64ContentsCount(),
              i -> Datatype.unsigned(contents.getUint64Contents(i)));
    };
  }

  private float[] read(String list, int count, Numbers numbers) {
    if (count != countAll()) {
      throw refused("must have its numbers in %s_contents alone".formatted(list));
    }
    input.requireCount(count);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = numbers.at(i);
    }
    return values;
  }

  private int countAll() {
    return contents.getBoolContentsCount()
        + contents.getIntContentsCount()
        + contents.getInt64ContentsCount()
        + contents.getUintContentsCount()
        + contents.getUint64ContentsCount()
        + contents.getFp32ContentsCount()
        + contents.getFp64ContentsCount()
        + contents.getBytesContentsCount();
  }

  private float signed(int index) {
    int value = contents.getIntContents(index);
    int spare = Integer.SIZE - Byte.SIZE * datatype.bytes();
    if (value << spare >> spare != value) {
      throw outside(index, value);
    }
    return value;
  }

  private float unsigned(int index) {
    int bits = contents.getUintContents(index);
    int spare = Integer.SIZE - Byte.SIZE * datatype.bytes();
    if (bits << spare >>> spare != bits) {
      throw outside(index, Integer.toUnsignedLong(bits));
    }
    return Integer.toUnsignedLong(bits);
  }

  private FailureException outside(int index, long value) {
    return refused("must have numbers that fit it: number %d is %d".formatted(index, value));
  }

  private FailureException refused(String what) {
    return InputTensor.refused("of datatype " + datatype + " " + what);
  }
}
