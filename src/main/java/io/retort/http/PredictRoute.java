package io.retort.http;

import io.retort.bus.Failure;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.retort.bus.Predictions;
import io.retort.bus.Recall;
import io.retort.bus.Recollection;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * {@code POST /predict}. This is the hot route: it goes past the router, its JSON is read and
 * written by hand, and a body that came before is not even read.
 */
final class PredictRoute {
  static final String PATH = "/predict";

  /** Requests of one value get the same version of a split. */
  static final CharSequence AFFINITY = HttpHeaders.createOptimized("x-retort-affinity");

  private final Predictions predictions;
  private final Body body;
  private final Admission admission;
  private final PredictParser parser;
  private final Supplier<BinaryForms> makeForms;
  private final PredictWriter writer = new PredictWriter();
  private final Function<PredictReply, Buffer> write = writer::write;
  private final RecallOdds odds = new RecallOdds();
  private BinaryForms forms;

  /** {@code forms} is asked for the first body that is not JSON. */
  PredictRoute(
      Predictions predictions,
      Body body,
      Admission admission,
      PredictParser parser,
      Supplier<BinaryForms> forms) {
    this.predictions = predictions;
    this.body = body;
    this.admission = admission;
    this.parser = parser;
    this.makeForms = forms;
  }

  void mount(Router router) {
    router.post(PATH).handler(context -> handle(context.request()));
  }

  void handle(HttpServerRequest request) {
    if (request.method() != HttpMethod.POST) {
      request.response().putHeader("allow", "POST");
      Answers.failure(
          request, Failure.METHOD_NOT_ALLOWED, PATH + " takes POST: " + request.method() + " came");
    } else if (admission.full()) {
      admission.refuse(request);
    } else {
      body.read(request, BinaryForm.TYPES, bytes -> admit(request, bytes));
    }
  }

  private void admit(HttpServerRequest request, Buffer bytes) {
    if (!admission.enter(request)) {
      return;
    }
    String affinity = request.getHeader(AFFINITY);
    BinaryForm form = BinaryForm.of(request.getHeader(HttpHeaders.CONTENT_TYPE));
    if (form != null) {
      read(request, form, bytes, affinity);
    } else if (odds.worthAsking()) {
      recall(request, bytes, affinity);
    } else {
      parse(request, bytes, affinity, null);
    }
  }

  private void recall(HttpServerRequest request, Buffer bytes, String affinity) {
    predictions
        .recall(new Recall(bytes, affinity))
        .onComplete(
            (recollection, absent) -> {
              boolean known = absent == null && recollection.reply() != null;
              odds.told(known);
              if (known) {
                answer(request, recollection.reply(), recollection.text(write));
              } else {
                parse(request, bytes, affinity, recollection);
              }
            });
  }

  /** {@code unknown} is what the cache said of the body; null where it was not asked. */
  private void parse(
      HttpServerRequest request, Buffer bytes, String affinity, Recollection unknown) {
    PredictRequest question;
    try {
      question = parser.parse(bytes, affinity, new WaitingClient(request.response()));
    } catch (RuntimeException refusal) {
      refuse(request, refusal);
      return;
    }
    complete(
        request,
        unknown == null ? predictions.ask(question) : predictions.ask(unknown.lesson(question)));
  }

  private void read(HttpServerRequest request, BinaryForm form, Buffer bytes, String affinity) {
    if (forms == null) {
      forms = makeForms.get();
    }
    Future<PredictRequest> question;
    try {
      question = forms.read(request, form, bytes, affinity);
    } catch (RuntimeException refusal) {
      refuse(request, refusal);
      return;
    }
    complete(request, question.compose(predictions::ask));
  }

  private void complete(HttpServerRequest request, Future<PredictReply> reply) {
    reply.onComplete(
        (prediction, failure) -> {
          if (failure == null) {
            answer(request, prediction, writer.write(prediction));
          } else {
            refuse(request, failure);
          }
        });
  }

  private void answer(HttpServerRequest request, PredictReply reply, Buffer text) {
    admission.leave();
    Observation.of(request).answered(reply);
    Answers.json(request, 200, text);
  }

  private void refuse(HttpServerRequest request, Throwable failure) {
    admission.leave();
    Answers.failure(request, failure);
  }
}
