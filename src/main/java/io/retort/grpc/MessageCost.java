package io.retort.grpc;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import inference.OpenInferenceGrpc.InferTensorContents;
import inference.OpenInferenceGrpc.ModelInferRequest;
import inference.OpenInferenceGrpc.ModelInferRequest.InferInputTensor;
import io.retort.bus.Failure;
import java.io.IOException;

/**
 * What a message takes once it is read, judged before it is: two bytes may become an object, and
 * one byte a number of eight.
 */
final class MessageCost {
  private static final int OBJECT = 64;
  private static final int NUMBER = Long.BYTES;
  private final CodedInputStream in;
  private final long most;
  private long cost;

  private MessageCost(byte[] message, long most) {
    this.in = CodedInputStream.newInstance(message);
    this.most = most;
  }

  /**
   * Refuses a message that would take too much. One that is malformed is left to who reads it, who
   * will stop where this did.
   *
   * @throws io.retort.bus.FailureException BODY_TOO_LARGE
   */
  static void require(byte[] message, long most) {
    try {
      new MessageCost(message, most).request();
    } catch (IOException malformed) {
      return;
    }
  }

  private void request() throws IOException {
    for (int field = field(); field != 0; field = field()) {
      if (field == ModelInferRequest.INPUTS_FIELD_NUMBER) {
        int outer = in.pushLimit(in.readRawVarint32());
        input();
        in.popLimit(outer);
      } else {
        in.skipRawBytes(in.readRawVarint32());
      }
    }
  }

  private void input() throws IOException {
    for (int field = field(); field != 0; field = field()) {
      int length = in.readRawVarint32();
      if (field == InferInputTensor.CONTENTS_FIELD_NUMBER) {
        int outer = in.pushLimit(length);
        contents();
        in.popLimit(outer);
      } else {
        skip(length, field == InferInputTensor.SHAPE_FIELD_NUMBER);
      }
    }
  }

  private void contents() throws IOException {
    for (int field = field(); field != 0; field = field()) {
      skip(in.readRawVarint32(), field <= InferTensorContents.UINT64_CONTENTS_FIELD_NUMBER);
    }
  }

  private void skip(int length, boolean numbers) throws IOException {
    if (numbers) {
      spend((long) NUMBER * length);
    }
    in.skipRawBytes(length);
  }

  /** The next field that has a length, or 0 at the end. */
  private int field() throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      spend(OBJECT);
      if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        return WireFormat.getTagFieldNumber(tag);
      }
      in.skipField(tag);
    }
    return 0;
  }

  private void spend(long bytes) {
    cost += bytes;
    if (cost > most) {
      throw Failure.BODY_TOO_LARGE.because(
          "a message may take " + most + " bytes of memory once it is read: this takes more");
    }
  }
}
