package io.retort.http;

import io.retort.bus.Failure;
import io.retort.bus.PredictReply;
import io.retort.bus.Predictions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;

/**
 * {@code POST /v2/models/{model}[/versions/{version}]/infer} of the Open Inference Protocol, with
 * tensors as JSON or as binary data. A hot route: plain paths go past the router, and all is read
 * and written by hand.
 */
final class InferRoute {
  static final CharSequence JSON_LENGTH =
      HttpHeaders.createOptimized("inference-header-content-length");
  private static final String PATH = "/v2/models/:model/infer";
  private static final String VERSION_PATH = "/v2/models/:model/versions/:version/infer";
  private static final String BINARY = "application/octet-stream";
  private static final CharSequence BINARY_TYPE = HttpHeaders.createOptimized(BINARY);
  private static final List<String> TYPES = List.of(BINARY);
  private static final int MAX_DIGITS = 9;

  private final Predictions predictions;
  private final Body body;
  private final Admission admission;
  private final InferParser parser;
  private final InferWriter writer = new InferWriter();
  private InferPath last = new InferPath("", null, null);

  InferRoute(Predictions predictions, Body body, Admission admission, InferParser parser) {
    this.predictions = predictions;
    this.body = body;
    this.admission = admission;
    this.parser = parser;
  }

  /** For the paths that {@link #take} leaves. */
  void mount(Router router) {
    for (String path : List.of(PATH, VERSION_PATH)) {
      router.post(path).handler(this::handle);
    }
  }

  private void handle(RoutingContext context) {
    handle(
        context.request(),
        new InferPath(
            context.request().path(), context.pathParam("model"), context.pathParam("version")));
  }

  /** Handles a request whose path is plainly that of this route; false for any other. */
  boolean take(HttpServerRequest request) {
    String path = request.path();
    InferPath known = path.equals(last.path()) ? last : InferPath.of(path);
    if (known == null || request.method() != HttpMethod.POST) {
      return false;
    }
    last = known;
    Observation.of(request).route(known.version() == null ? PATH : VERSION_PATH);
    handle(request, known);
    return true;
  }

  private void handle(HttpServerRequest request, InferPath path) {
    if (admission.full()) {
      admission.refuse(request);
    } else {
      body.read(request, TYPES, bytes -> infer(request, path, bytes));
    }
  }

  private void infer(HttpServerRequest request, InferPath path, Buffer bytes) {
    if (!admission.enter(request)) {
      return;
    }
    InferRequest question;
    try {
      String affinity = request.getHeader(PredictRoute.AFFINITY);
      question = parser.parse(bytes, jsonLength(request, bytes), path, affinity);
    } catch (RuntimeException refusal) {
      admission.leave();
      Answers.failure(request, refusal);
      return;
    }
    predictions
        .ask(question.question().askedBy(new WaitingClient(request.response())))
        .onComplete(
            (reply, failure) -> {
              admission.leave();
              answer(request, question, reply, failure);
            });
  }

  private static int jsonLength(HttpServerRequest request, Buffer bytes) {
    String length = request.getHeader(JSON_LENGTH);
    if (length == null) {
      return InferParser.ALL;
    }
    int value = 0;
    boolean number = !length.isEmpty() && length.length() <= MAX_DIGITS;
    for (int i = 0; number && i < length.length(); i++) {
      int digit = length.charAt(i) - '0';
      number = digit >= 0 && digit <= 9;
      value = 10 * value + digit;
    }
    if (!number || value > bytes.length()) {
      throw Failure.INVALID_REQUEST.because(
          "the header %s must be a whole number up to the %d bytes of the body: %s"
              .formatted("Inference-Header-Content-Length", bytes.length(), length));
    }
    return value;
  }

  private void answer(
      HttpServerRequest request, InferRequest question, PredictReply reply, Throwable failure) {
    if (failure != null) {
      Answers.failure(request, question.input().explain(failure));
      return;
    }
    Observation.of(request).answered(reply);
    InferAnswer answer = writer.write(reply, question);
    HttpServerResponse response = request.response();
    if (!answer.binary()) {
      Answers.json(request, 200, answer.body());
    } else if (!response.ended() && !response.closed()) {
      response
          .putHeader(HttpHeaders.CONTENT_TYPE, BINARY_TYPE)
          .putHeader(JSON_LENGTH, Integer.toString(answer.jsonLength()))
          .end(answer.body());
    }
  }
}
