package io.retort.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.bus.JobRequest;
import io.retort.bus.JobState;
import io.retort.bus.JobStatus;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobFilesTest {
  @TempDir Path home;

  @Test
  void all_savedJobs_comeBackOldestFirst() {
    JobFiles files = new JobFiles(home.resolve("jobs"));
    JobRequest request = new JobRequest("mnist", null, new JsonObject().put("epochs", 2));
    JobState late = state("a", 2000);
    JobState early = state("b", 1000);
    files.create(request, late);
    files.create(request, early);

    assertThat(new JobFiles(home.resolve("jobs")).all())
        .containsExactly(new JobFiles.Kept(request, early), new JobFiles.Kept(request, late));
    assertThat(files.has("a")).isTrue();
    assertThat(files.has("c")).isFalse();
  }

  @Test
  void all_damagedJob_isPassedOver() throws Exception {
    JobFiles files = new JobFiles(home);
    JobRequest request = new JobRequest("mnist", null, new JsonObject());
    files.create(request, state("good", 1));
    files.create(request, state("bad", 2));
    Files.writeString(home.resolve("bad/job.json"), "{\"id\":");

    assertThat(files.all()).extracting(kept -> kept.state().id()).containsExactly("good");
  }

  private static JobState state(String id, long millis) {
    return new JobState(
        id,
        "mnist",
        JobStatus.QUEUED,
        Instant.ofEpochMilli(millis),
        null,
        null,
        null,
        null,
        List.of());
  }
}
