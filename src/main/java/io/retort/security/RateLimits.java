package io.retort.security;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.LoadingCache;
import io.github.bucket4j.Bucket;
import io.retort.bus.Failure;
import java.time.Duration;
import java.util.Arrays;

/**
 * A bucket of tokens for each caller and each address. Buckets that nobody used for a while are
 * forgotten; by then they are full again.
 */
final class RateLimits {
  private static final int MAX_BUCKETS = 100_000;
  private static final int LEAST_SECONDS = 60;
  private static final long NANOS = 1_000_000_000;

  private record Rate(String who, int perSecond, int burst) {
    int capacity() {
      return burst > 0 ? burst : perSecond;
    }

    Bucket bucket() {
      return Bucket.builder()
          .addLimit(
              limit -> limit.capacity(capacity()).refillGreedy(perSecond, Duration.ofSeconds(1)))
          .build();
    }

    Duration refill() {
      return Duration.ofSeconds(Math.max(LEAST_SECONDS, 1 + capacity() / perSecond));
    }
  }

  private final int addressRate;
  private final int addressBurst;
  private final LoadingCache<Rate, Bucket> buckets;

  /** No address is limited if {@code addressRate} is 0. */
  RateLimits(int addressRate, int addressBurst) {
    this.addressRate = addressRate;
    this.addressBurst = addressBurst;
    this.buckets =
        Caffeine.newBuilder()
            .maximumSize(MAX_BUCKETS)
            .expireAfter(Expiry.<Rate, Bucket>accessing((rate, bucket) -> rate.refill()))
            .build(Rate::bucket);
  }

  void takeOf(Caller caller) {
    if (caller.ratePerSecond() > 0) {
      take(new Rate(caller.name(), caller.ratePerSecond(), caller.rateBurst()), "this key");
    }
  }

  void takeOf(String address) {
    if (addressRate > 0) {
      take(new Rate(network(address), addressRate, addressBurst), "this address");
    }
  }

  private void take(Rate rate, String whose) {
    Bucket bucket = buckets.get(rate);
    if (!bucket.tryConsume(1)) {
      long nanos = bucket.estimateAbilityToConsume(1).getNanosToWaitForRefill();
      int seconds = (int) Math.max(1, (nanos + NANOS - 1) / NANOS);
      throw Failure.RATE_LIMITED.because(
          whose + " may ask " + rate.perSecond + " times a second", seconds);
    }
  }

  /** One subscriber has all addresses of 64 equal bits in IPv6. */
  private static String network(String address) {
    if (address.indexOf(':') < 0) {
      return address;
    }
    String[] groups = address.split(":", 5);
    return String.join(":", Arrays.copyOf(groups, Math.min(4, groups.length)));
  }
}
