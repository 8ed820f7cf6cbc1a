package io.retort.bus;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.eventbus.ReplyFailure;
import io.vertx.core.json.JsonObject;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Typed requests, answers and news over one Vert.x event bus. */
public final class Bus {
  private static final Logger LOG = LoggerFactory.getLogger(Bus.class);
  private final EventBus events;

  private Bus(EventBus events) {
    this.events = events;
  }

  /** The bus of {@code vertx}, with every codec of ours registered. */
  public static synchronized Bus of(Vertx vertx) {
    if (vertx.sharedData().getLocalMap("retort.bus").putIfAbsent("codecs", true) == null) {
      Addresses.FORMATS.forEach(format -> register(vertx.eventBus(), format));
    }
    return new Bus(vertx.eventBus());
  }

  private static <T> void register(EventBus events, Format<T> format) {
    events.registerDefaultCodec(format.type(), format);
  }

  /**
   * Asks and waits as long as Vert.x does by default, 30 s. The future fails with a {@link
   * FailureException}.
   */
  public <Q, R> Future<R> request(Address<Q, R> address, Q question) {
    return request(address, question, address.request().delivery());
  }

  /** Asks and waits for {@code timeoutMillis} at most. */
  public <Q, R> Future<R> request(Address<Q, R> address, Q question, long timeoutMillis) {
    return request(
        address,
        question,
        new DeliveryOptions(address.request().delivery()).setSendTimeout(timeoutMillis));
  }

  private <Q, R> Future<R> request(Address<Q, R> address, Q question, DeliveryOptions options) {
    return events
        .<R>request(address.name(), question, options)
        .transform(
            (message, failure) ->
                failure == null
                    ? Future.succeededFuture(message.body())
                    : Future.failedFuture(understood(address.name(), failure)));
  }

  /** Answers what is asked at {@code address}, on the context of the caller. */
  public <Q, R> MessageConsumer<Object> serve(
      Address<Q, R> address, Function<Q, Future<R>> answer) {
    return events.consumer(
        address.name(),
        message -> {
          try {
            boolean stranger = message.body() instanceof JsonObject;
            Q question =
                stranger
                    ? address.request().fromJson((JsonObject) message.body())
                    : address.request().type().cast(message.body());
            answer
                .apply(question)
                .onComplete((reply, failure) -> reply(address, message, stranger, reply, failure));
          } catch (RuntimeException failure) {
            refuse(address.name(), message, failure);
          }
        });
  }

  private static <R> void reply(
      Address<?, R> address,
      Message<Object> message,
      boolean stranger,
      R reply,
      Throwable failure) {
    if (failure != null) {
      refuse(address.name(), message, failure);
    } else if (stranger) {
      message.reply(address.reply().toJson(reply));
    } else {
      message.reply(reply, address.reply().delivery());
    }
  }

  private static void refuse(String address, Message<Object> message, Throwable failure) {
    FailureException refusal = understood(address, failure);
    message.fail(refusal.failure().number(), refusal.getMessage());
  }

  public <T> void publish(Topic<T> topic, T news) {
    events.publish(topic.name(), news, topic.message().delivery());
  }

  /** Hears what is published at {@code topic}, on the context of the caller. */
  public <T> MessageConsumer<Object> listen(Topic<T> topic, Consumer<T> listener) {
    return events.consumer(
        topic.name(),
        message -> {
          if (message.body() instanceof JsonObject json) {
            listener.accept(topic.message().fromJson(json));
          } else {
            listener.accept(topic.message().type().cast(message.body()));
          }
        });
  }

  /**
   * What went wrong, in a form that may leave the process: what is not a {@link FailureException}
   * is only logged.
   */
  private static FailureException understood(String address, Throwable failure) {
    if (failure instanceof FailureException known) {
      return known;
    }
    if (failure instanceof ReplyException reply) {
      if (reply.failureType() == ReplyFailure.NO_HANDLERS) {
        return Failure.UNAVAILABLE.because(
            "nobody answers at " + address + " in this node or cluster");
      }
      if (reply.failureType() == ReplyFailure.TIMEOUT) {
        return Failure.DEADLINE_EXCEEDED.because("no answer came from " + address + " in time");
      }
      if (reply.failureType() == ReplyFailure.RECIPIENT_FAILURE) {
        return Failure.numbered(reply.failureCode()).because(reply.getMessage());
      }
    }
    Trace trace = Trace.current();
    LOG.error("{} failed{}", address, trace == null ? "" : "; trace " + trace.id(), failure);
    return Failure.INTERNAL.because("something went wrong inside; the log of the server says what");
  }
}
