package io.retort.security;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RateLimitsTest {
  @Test
  void takeOf_caller_isServedUpToItsBurst() {
    RateLimits limits = new RateLimits(0, 0);
    Caller slow = new Caller("slow", Set.of(), 1, 100);
    for (int i = 0; i < 100; i++) {
      limits.takeOf(slow);
    }

    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 100; i++) {
                limits.takeOf(slow);
              }
            })
        .hasMessage("this key may ask 1 times a second")
        .matches(e -> ((FailureException) e).failure() == Failure.RATE_LIMITED)
        .matches(e -> ((FailureException) e).retrySeconds() == 1);
    assertThatCode(() -> limits.takeOf(new Caller("other", Set.of(), 1, 0)))
        .doesNotThrowAnyException();
    assertThatCode(() -> limits.takeOf("192.0.2.1")).doesNotThrowAnyException();
  }

  @Test
  void takeOf_addressesOfOneIpv6Network_shareOneBucket() {
    RateLimits limits = new RateLimits(1, 50);

    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 100; i++) {
                limits.takeOf("2001:db8:0:7:0:0:0:" + Integer.toHexString(i));
              }
            })
        .hasMessage("this address may ask 1 times a second");
    assertThatCode(() -> limits.takeOf("2001:db8:0:8:0:0:0:1")).doesNotThrowAnyException();
    assertThatCode(() -> limits.takeOf("192.0.2.1")).doesNotThrowAnyException();
  }
}
