package io.retort.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.LongAdder;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccessLogTest {
  private final LongAdder dropped = new LongAdder();

  /** A disk that takes nothing before it is let go. */
  private static final class Stuck extends ByteArrayOutputStream {
    final CountDownLatch free = new CountDownLatch(1);

    @Override
    public void write(byte[] bytes, int from, int count) {
      try {
        free.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      super.write(bytes, from, count);
    }
  }

  @Test
  void offer_slowDisk_neverWaitsAndCountsWhatItDrops() throws Exception {
    Stuck disk = new Stuck();
    AccessLog log = new AccessLog(disk, dropped);
    int offered = 50_000;
    for (int i = 0; i < offered; i++) {
      log.offer(line("/" + i));
    }
    assertThat(dropped.sum()).isBetween(30_000L, 42_000L);

    disk.free.countDown();
    log.close();

    List<String> lines = disk.toString(StandardCharsets.UTF_8).lines().toList();
    assertThat(lines.size() + dropped.sum()).isEqualTo(offered);
    assertThat(new JsonObject(lines.get(0)).getString("path")).isEqualTo("/0");
  }

  @Test
  void offer_brokenDisk_countsEveryLineAndGoesOn() throws Exception {
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int one) throws IOException {
            throw new IOException("No space left on device, on purpose");
          }
        };
    AccessLog log = new AccessLog(full, dropped);
    for (int i = 0; i < 10; i++) {
      log.offer(line("/"));
    }
    log.close();

    assertThat(dropped.sum()).isEqualTo(10);
  }

  @Property
  void json_anyPath_isOneLineThatReadsBack(@ForAll String path) {
    String json = line(path).json();

    assertThat(json).doesNotContain("\n", "\r");
    assertThat(new JsonObject(json).getString("path"))
        .isEqualTo(path.substring(0, Math.min(1024, path.length())));
  }

  @Test
  void open_directoryThatIsMissing_saysWhichSetting(@TempDir Path home) {
    String place = home.resolve("missing/access.jsonl").toString();

    assertThatThrownBy(() -> AccessLog.open(place, dropped))
        .hasMessageContaining("accessLog must be a file that can be written")
        .hasMessageContaining(place);
  }

  private static AccessLog.Line line(String path) {
    return new AccessLog.Line(
        1, "id", null, "127.0.0.1", "GET", path, 200, null, 0, 1, 2, null, null, null);
  }
}
