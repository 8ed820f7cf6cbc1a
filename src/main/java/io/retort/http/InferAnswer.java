package io.retort.http;

import io.vertx.core.buffer.Buffer;

/**
 * An answer of the Open Inference Protocol.
 *
 * @param jsonLength bytes of JSON that the body begins with; all of them where it has no binary
 *     data
 * @param binary whether tensors may stand behind the JSON
 */
record InferAnswer(Buffer body, int jsonLength, boolean binary) {}
