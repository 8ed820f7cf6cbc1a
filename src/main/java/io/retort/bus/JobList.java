package io.retort.bus;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** The jobs of a training node, newest first. */
public record JobList(List<JobState> jobs) {
  static final Format<JobList> FORMAT =
      new JsonFormat<>(JobList.class, 1, JobList::toJson, JobList::of);

  public JsonObject toJson() {
    JsonArray list = new JsonArray();
    jobs.forEach(job -> list.add(job.toJson()));
    return new JsonObject().put("jobs", list);
  }

  private static JobList of(JsonObject json) {
    return new JobList(
        json.getJsonArray("jobs").stream().map(job -> JobState.of((JsonObject) job)).toList());
  }
}
