package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.json.Fields;
import io.retort.tensor.HostTensor;
import io.retort.tensor.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobTest {
  private static final Job.Identity IDENTITY = new Job.Identity("r", "train", "test", 7);

  @TempDir Path directory;

  private Job open(boolean resume) {
    TrainingOptions options = Trial.options(directory, "job").resume(resume).build();
    return Job.open(options, Recipe.builtIn("mnist-quick"), IDENTITY, 2);
  }

  private static void checkpoint(Job job, int phase) {
    Map<String, String> numbers = Map.of(Checkpoint.PHASE, Integer.toString(phase));
    new Checkpoint(Map.of("now/w", HostTensor.of(Shape.of(1), 3)), numbers).write(job.checkpoint());
  }

  @Test
  void open_anew_writesRecipeAndState() {
    open(false);
    Path home = directory.resolve("jobs/job");
    Recipe written = Recipe.parse(Fields.read("recipe", home.resolve("recipe.json")));
    assertThat(written).isEqualTo(Recipe.builtIn("mnist-quick"));
    Fields state = Fields.read("state", home.resolve("state.json"));
    assertThat(state.text("status")).isEqualTo("running");
    assertThat(state.integer("threads")).isEqualTo(2);
  }

  @Test
  void open_resumed_knowsPhaseAndVersions() {
    Job job = open(false);
    job.publish("teacher", "3");
    job.nextPhase();
    Job again = open(true);
    assertThat(again.phase()).isEqualTo(1);
    assertThat(again.published("teacher")).isEqualTo("3");
    assertThat(again.published("student")).isNull();
  }

  @Test
  void hasCheckpoint_ofTheEarlierPhase_deletesIt() {
    Job job = open(false);
    checkpoint(job, 0);
    assertThat(job.hasCheckpoint()).isTrue();
    job.nextPhase();
    checkpoint(job, 0);
    assertThat(job.hasCheckpoint()).isFalse();
    assertThat(job.checkpoint()).doesNotExist();
  }

  @Test
  void open_endedJob_beginsAnew() {
    Job job = open(false);
    job.nextPhase();
    job.end("done", null);
    assertThat(open(false).phase()).isZero();
  }

  @Test
  void open_jobsIsAFile_namesTheDirectory() throws Exception {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("jobs"), "in the way");
    assertThatThrownBy(() -> open(false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("jobs directory must be writable");
  }
}
