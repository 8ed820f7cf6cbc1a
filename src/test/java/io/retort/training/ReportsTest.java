package io.retort.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.bus.JobRequest;
import io.retort.bus.JobState;
import io.retort.bus.JobStatus;
import io.retort.bus.ProgressFrame;
import io.retort.distill.Progress;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportsTest {
  private static final String JOB = "job-1";

  @TempDir Path home;
  private JobFiles files;
  private final List<ProgressFrame> news = new ArrayList<>();

  @BeforeEach
  void begin() {
    files = new JobFiles(home);
    files.create(
        new JobRequest("mnist", null, new JsonObject()),
        new JobState(
            JOB, "mnist", JobStatus.QUEUED, Instant.EPOCH, null, null, null, null, List.of()));
  }

  @Test
  void accept_tooOften_passesOnOnlyTurnsAndTheEnd() {
    Reports reports = new Reports(JOB, files, 1_000_000, news::add);
    for (int epoch = 1; epoch <= 3; epoch++) {
      for (int step = 1; step <= 100; step++) {
        reports.accept(report("distill", epoch, step + 100 * (epoch - 1), 300));
      }
    }
    reports.end("done");

    assertThat(news.stream().map(ProgressFrame::epoch)).containsExactly(1, 2, 3, 3, 3);
    assertThat(news.stream().map(ProgressFrame::sequence)).containsExactly(1L, 2L, 3L, 4L, 5L);
    assertThat(news.get(4).phase()).isEqualTo("done");
    assertThat(files.history(JOB)).isEqualTo(news);
  }

  @Test
  void accept_manyReports_keepsAFileThatGrowsSlowlyAndEndsWithTheLast() {
    Reports reports = new Reports(JOB, files, 0, news::add);
    for (int step = 1; step < 20_000; step++) {
      reports.accept(report("distill", 1, step, 1_000_000));
    }
    reports.end("cancelled");

    List<ProgressFrame> history = files.history(JOB);
    assertThat(news).hasSize(20_000);
    assertThat(history).hasSizeBetween(2_000, 6_000);
    assertThat(history.get(history.size() - 1)).isEqualTo(news.get(news.size() - 1));
  }

  @Test
  void open_afterACrashInTheMiddleOfALine_countsOn() throws Exception {
    Reports first = new Reports(JOB, files, 0, news::add);
    first.accept(report("teacher", 1, 1, 10));
    first.accept(report("teacher", 1, 2, 10));
    Files.writeString(
        home.resolve(JOB).resolve("progress.jsonl"),
        "\n{\"job\":\"job-1\",\"seq",
        StandardOpenOption.APPEND);

    new Reports(JOB, files, 0, news::add).accept(report("teacher", 1, 3, 10));

    assertThat(news.get(2).sequence()).isEqualTo(3);
    assertThat(files.history(JOB).stream().map(ProgressFrame::sequence))
        .containsExactly(1L, 2L, 3L);
  }

  private static Progress report(String phase, int epoch, long step, long steps) {
    return new Progress(JOB, phase, epoch, 3, step, steps, Map.of("total", 0.5), 0.9, 1000, 1);
  }
}
