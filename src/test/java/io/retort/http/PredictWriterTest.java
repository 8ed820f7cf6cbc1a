package io.retort.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.bus.PredictReply;
import io.retort.bus.PredictReply.Source;
import io.vertx.core.json.JsonObject;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PredictWriterTest {
  private final PredictWriter writer = new PredictWriter();

  @Test
  void write_oneRow_hasTheDocumentedForm() {
    PredictReply reply =
        new PredictReply("student", "3", 1, new float[] {0.25f, 0.75f}, Source.MODEL);

    assertThat(writer.write(reply))
        .hasToString(
            "{\"prediction\":[[0.25,0.75]],\"source\":\"model\",\"model\":\"student\",\"version\":\"3\"}");
  }

  @Test
  void write_repliesOfAllKinds_readBackEqual() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 2000; i++) {
      int rows = random.nextInt(1, 200);
      float[] values = new float[rows * random.nextInt(1, 12)];
      for (int j = 0; j < values.length; j++) {
        values[j] = (float) Math.exp(-random.nextDouble(60));
      }
      String model = random.nextBoolean() ? "student" : "a \"quoted\" \u00e9";
      Source source = random.nextBoolean() ? Source.MODEL : Source.CACHE;
      PredictReply reply = new PredictReply(model, "" + random.nextInt(3), rows, values, source);

      JsonObject json = new JsonObject(writer.write(reply));

      assertThat(json.getString("model")).isEqualTo(model);
      assertThat(json.getString("version")).isEqualTo(reply.version());
      assertThat(json.getString("source")).isEqualTo(source.word());
      int classes = values.length / rows;
      assertThat(json.getJsonArray("prediction").size()).isEqualTo(rows);
      int last = values.length - 1;
      assertThat(json.getJsonArray("prediction").getJsonArray(rows - 1).getFloat(classes - 1))
          .isEqualTo(values[last]);
    }
  }
}
