package io.retort.grpc;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.retort.bus.Failure;
import io.vertx.core.Future;
import java.util.function.BiFunction;

/** One method of the service: how its question is read, and who answers it. */
record Method<Q extends MessageLite>(
    Parser<Q> parser, BiFunction<Call, Q, Future<? extends MessageLite>> answer) {

  /**
   * Answers the question that these bytes are.
   *
   * @throws io.retort.bus.FailureException INVALID_REQUEST for bytes that are none
   */
  Future<? extends MessageLite> answer(Call call, byte[] bytes) {
    Q question;
    try {
      question = parser.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw Failure.INVALID_REQUEST.because(
          "the message must be a question of this method: " + e.getMessage());
    }
    return answer.apply(call, question);
  }
}
