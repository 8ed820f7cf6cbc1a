package io.retort.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.bus.PredictReply;
import io.retort.bus.PredictReply.Source;
import io.retort.http.InferRequest.Wanted;
import io.retort.oip.Output;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class InferWriterTest {
  private static final PredictReply REPLY =
      new PredictReply("student", "12", 2, new float[] {0.25f, 0.5f, 0.25f, 1, 0, 0}, Source.MODEL);

  private final InferWriter writer = new InferWriter();

  @Test
  void write_json_hasEveryFieldOfTheProtocol() {
    InferAnswer answer = writer.write(REPLY, request("42", InferOutputs.all(false)));

    assertThat(answer.binary()).isFalse();
    assertThat(answer.body())
        .hasToString(
            "{\"model_name\":\"student\",\"model_version\":\"12\",\"id\":\"42\",\"outputs\":["
                + "{\"name\":\"probabilities\",\"datatype\":\"FP32\",\"shape\":[2,3],"
                + "\"data\":[0.25,0.5,0.25,1,0,0]},"
                + "{\"name\":\"class\",\"datatype\":\"INT64\",\"shape\":[2],\"data\":[1,0]}]}");
  }

  @Test
  void write_binary_putsTensorsBehindTheJsonInTheirOrder() {
    List<Wanted> wanted =
        List.of(new Wanted(Output.CLASS, true), new Wanted(Output.PROBABILITIES, true));

    InferAnswer answer = writer.write(REPLY, request(null, wanted));

    int json = answer.jsonLength();
    assertThat(answer.binary()).isTrue();
    assertThat(answer.body().getString(0, json))
        .isEqualTo(
            "{\"model_name\":\"student\",\"model_version\":\"12\",\"outputs\":["
                + "{\"name\":\"class\",\"datatype\":\"INT64\",\"shape\":[2],"
                + "\"parameters\":{\"binary_data_size\":16}},"
                + "{\"name\":\"probabilities\",\"datatype\":\"FP32\",\"shape\":[2,3],"
                + "\"parameters\":{\"binary_data_size\":24}}]}");
    assertThat(answer.body().length()).isEqualTo(json + 16 + 24);
    assertThat(answer.body().getLongLE(json)).isEqualTo(1);
    assertThat(answer.body().getLongLE(json + 8)).isZero();
    for (int i = 0; i < 6; i++) {
      assertThat(answer.body().getFloatLE(json + 16 + 4 * i)).isEqualTo(REPLY.predictions()[i]);
    }
  }

  @Test
  void write_oneBinaryOneNot_keepsEachInItsPlace() {
    List<Wanted> wanted =
        List.of(new Wanted(Output.CLASS, false), new Wanted(Output.PROBABILITIES, true));

    InferAnswer answer = writer.write(REPLY, request(null, wanted));

    JsonArray outputs =
        new JsonObject(answer.body().getBuffer(0, answer.jsonLength())).getJsonArray("outputs");
    assertThat(outputs.getJsonObject(0).getJsonArray("data")).isEqualTo(new JsonArray("[1,0]"));
    assertThat(outputs.getJsonObject(1).containsKey("data")).isFalse();
    assertThat(answer.body().length()).isEqualTo(answer.jsonLength() + 24);
  }

  @Test
  void write_anotherVersion_isNamed() {
    writer.write(REPLY, request(null, InferOutputs.all(false)));
    PredictReply other = new PredictReply("a\"b", "2", 1, new float[] {1}, Source.CACHE);

    JsonObject json =
        new JsonObject(writer.write(other, request(null, InferOutputs.all(false))).body());

    assertThat(json.getString("model_name")).isEqualTo("a\"b");
    assertThat(json.getString("model_version")).isEqualTo("2");
    assertThat(json.containsKey("id")).isFalse();
  }

  @Property
  void write_anyIdAndNumbers_areReadBack(@ForAll String id, @ForAll byte[] numbers) {
    float[] values = new float[numbers.length + 1];
    for (int i = 0; i < numbers.length; i++) {
      values[i] = numbers[i] * 1.1e-7f;
    }
    PredictReply reply = new PredictReply("m", "1", values.length, values, Source.MODEL);
    String speakable =
        new String(
            id.getBytes(java.nio.charset.StandardCharsets.UTF_8),
            java.nio.charset.StandardCharsets.UTF_8);

    JsonObject json =
        new JsonObject(writer.write(reply, request(speakable, InferOutputs.all(false))).body());

    assertThat(json.getString("id")).isEqualTo(speakable);
    JsonArray data = json.getJsonArray("outputs").getJsonObject(0).getJsonArray("data");
    for (int i = 0; i < values.length; i++) {
      assertThat(data.getFloat(i)).isEqualTo(values[i]);
    }
  }

  private static InferRequest request(String id, List<Wanted> wanted) {
    return new InferRequest(null, null, id, wanted);
  }
}
