package io.retort.metrics;

import static io.retort.TrialNode.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.metrics.MetricsOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BusMetricsTest {
  private Vertx vertx;

  @BeforeEach
  void open() {
    MetricsOptions enabled = new MetricsOptions().setEnabled(true);
    vertx = Vertx.vertx(new VertxOptions().setMetricsOptions(enabled));
  }

  @AfterEach
  void close() {
    await(vertx.close());
  }

  @Test
  void send_consumerFull_countsWhatIsDiscardedAndWhatWaits() throws Exception {
    MessageConsumer<Object> sleeper = vertx.eventBus().consumer("sleeper", message -> {});
    sleeper.pause();
    for (int i = 0; i < 1100; i++) {
      vertx.eventBus().send("sleeper", i);
    }

    awaitSum("retort_bus_discarded_total", 100);

    assertThat(sum("retort_bus_pending")).isEqualTo(1000);
    sleeper.resume();
    awaitSum("retort_bus_pending", 0);
    assertThat(sum("retort_bus_discarded_total")).isEqualTo(100);
  }

  @Test
  void request_withoutAnswer_isCountedByCause() throws Exception {
    vertx.eventBus().consumer("deaf", message -> {});
    vertx.eventBus().consumer("refuses", message -> message.fail(1, "no"));
    DeliveryOptions soon = new DeliveryOptions().setSendTimeout(1);

    for (String address : new String[] {"nobody", "deaf", "refuses", "refuses"}) {
      assertThat(
              catchThrowable(
                  () ->
                      await(
                          vertx
                              .eventBus()
                              .request(
                                  address,
                                  1,
                                  address.equals("deaf") ? soon : new DeliveryOptions()))))
          .isNotNull();
    }

    Exposition scraped = new Exposition(Meters.scrape(vertx, "text/plain"));
    assertThat(scraped.sum("retort_bus_failures_total", "no_handlers")).isEqualTo(1);
    assertThat(scraped.sum("retort_bus_failures_total", "timeout")).isEqualTo(1);
    assertThat(scraped.sum("retort_bus_failures_total", "recipient_failure")).isEqualTo(2);
    assertThat(scraped.sum("retort_bus_discarded_total")).isZero();
  }

  private void awaitSum(String name, double value) throws InterruptedException {
    for (int i = 0; i < 600 && sum(name) != value; i++) {
      Thread.sleep(10);
    }
    assertThat(sum(name)).as(name).isEqualTo(value);
  }

  private double sum(String name) {
    return new Exposition(Meters.scrape(vertx, "text/plain")).sum(name);
  }
}
