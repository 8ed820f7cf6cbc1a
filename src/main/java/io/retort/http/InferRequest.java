package io.retort.http;

import io.retort.bus.PredictRequest;
import io.retort.oip.InputTensor;
import io.retort.oip.Output;
import java.util.List;

/**
 * A request of the Open Inference Protocol.
 *
 * @param id to be said again in the answer; null where none came
 * @param outputs those to answer with, in this order
 */
record InferRequest(PredictRequest question, InputTensor input, String id, List<Wanted> outputs) {

  /** An output, as binary data or as JSON. */
  record Wanted(Output output, boolean binary) {}
}
