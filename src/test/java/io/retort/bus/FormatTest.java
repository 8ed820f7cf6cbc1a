package io.retort.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.bus.VersionStatistics.Tally;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FormatTest {
  private static final ProgressFrame FRAME =
      new ProgressFrame(
          "job-1",
          7,
          "distill",
          2,
          10,
          40,
          938,
          Map.of("total", 0.5, "soft", 0.25),
          0.875,
          1e5,
          3.5);
  private static final JobState STATE =
      new JobState(
          "job-1",
          "mnist",
          JobStatus.RUNNING,
          Instant.parse("2026-01-02T03:04:05.006Z"),
          Instant.parse("2026-01-02T03:04:06.006Z"),
          null,
          null,
          FRAME,
          List.of(new ModelVersion("teacher", "3")));
  private static final LiveModel LIVE =
      new LiveModel(
          "student",
          "2",
          784,
          10,
          true,
          List.of(1, 28, 28),
          new Traffic(Map.of("2", 90, "1", 10), Map.of("old", "1"), "3", List.of("1", "2", "3")));
  private static final ModelState MODEL =
      new ModelState(
          "student",
          "2",
          "1",
          LIVE.traffic(),
          List.of(
              new VersionState(
                  "2",
                  VersionState.Status.READY,
                  null,
                  "2026-01-02T03:04:05.006Z",
                  174_000,
                  696_000,
                  "mnist",
                  "abc",
                  Map.of("accuracy", 0.98),
                  7.5)));
  private static final VersionStatistics STATISTICS =
      new VersionStatistics(
          "student",
          "2",
          1_700_000_000_000L,
          12,
          3,
          new Tally(11, 1000),
          new Tally(1, 90),
          new Tally(12, 500),
          new Tally(12, 400),
          List.of(new VersionStatistics.BatchSize(4, new Tally(3, 400))));

  static Stream<Arguments> messages() {
    return Stream.of(
        Arguments.of(FRAME, ProgressFrame.FORMAT),
        Arguments.of(STATE, JobState.FORMAT),
        Arguments.of(new JobList(List.of(STATE)), JobList.FORMAT),
        Arguments.of(new JobId("job-1"), JobId.FORMAT),
        Arguments.of(
            new JobRequest("mnist", null, new JsonObject().put("epochs", 3)), JobRequest.FORMAT),
        Arguments.of(new ProgressHistory(List.of(FRAME)), ProgressHistory.FORMAT),
        Arguments.of(LIVE, LiveModel.FORMAT),
        Arguments.of(new LiveModels(List.of(LIVE), null), LiveModels.FORMAT),
        Arguments.of(new LiveModels(List.of(LIVE), "the GPU no longer answers"), LiveModels.FORMAT),
        Arguments.of(new ModelVersion("student", "2"), ModelVersion.FORMAT),
        Arguments.of(new ModelName("student"), ModelName.FORMAT),
        Arguments.of(new ModelSplit("student", Map.of("2", 90, "1", 10)), ModelSplit.FORMAT),
        Arguments.of(new ModelLabel("student", "old", null), ModelLabel.FORMAT),
        Arguments.of(MODEL, ModelState.FORMAT),
        Arguments.of(new ModelList(List.of(MODEL)), ModelList.FORMAT),
        Arguments.of(new ModelStatistics(List.of(STATISTICS)), ModelStatistics.FORMAT),
        Arguments.of(
            new ShadowComparison("student", "3", 100, 98, 0.01, 2), ShadowComparison.FORMAT),
        Arguments.of(new CacheState(1, 200, 900, 4096, 3, 4, 2), CacheState.FORMAT),
        Arguments.of(new Recall(Buffer.buffer("{\"features\":[1]}"), "user-7"), Recall.FORMAT),
        Arguments.of(Nothing.NOTHING, Nothing.FORMAT));
  }

  @ParameterizedTest
  @MethodSource("messages")
  <T> void wire_message_comesBackEqual(T message, Format<T> format) {
    assertThat(overTheWire(format, message)).isEqualTo(message);
  }

  @ParameterizedTest
  @MethodSource("messages")
  <T> void json_message_comesBackEqual(T message, Format<T> format) {
    JsonObject text = new JsonObject(format.toJson(message).encode());

    assertThat(format.fromJson(text)).isEqualTo(message);
  }

  @ParameterizedTest
  @MethodSource("messages")
  <T> void transform_localDelivery_isTheSameObject(T message, Format<T> format) {
    assertThat(format.transform(message)).isSameAs(message);
  }

  @Test
  void formats_everyMessage_isRegisteredOnce() {
    assertThat(Addresses.FORMATS).doesNotHaveDuplicates();
    assertThat(Addresses.FORMATS.stream().map(Format::name))
        .doesNotHaveDuplicates()
        .hasSize(Addresses.FORMATS.size());
  }

  @Test
  void wire_predictRequest_keepsEveryBitOfTheFloats() {
    float[] features = {0, -0f, 1, Float.MIN_VALUE, Float.MAX_VALUE, 0.1f};
    PredictRequest request =
        new PredictRequest("student", null, 2, features, 250, "user-7", Asker.PATIENT);

    PredictRequest came = overTheWire(PredictRequest.FORMAT, request);

    assertThat(came).usingRecursiveComparison().isEqualTo(request);
    assertThat(Float.floatToRawIntBits(came.features()[1])).isEqualTo(0x80000000);
  }

  @Test
  void wire_predictReply_comesBackEqual() {
    PredictReply reply =
        new PredictReply("student", "2", 1, new float[] {0.25f, 0.75f}, PredictReply.Source.CACHE);

    assertThat(overTheWire(PredictReply.FORMAT, reply)).usingRecursiveComparison().isEqualTo(reply);
  }

  @Test
  void recollection_overTheWireAndAsJson_keepsReplyOrLesson() {
    PredictRequest request = PredictRequest.of(1, 2);
    Lesson lesson = Recollection.unknown(new BodyKey(-1, 7, 30), "2").lesson(request);
    Recollection known =
        Recollection.of(new PredictReply("m", "2", 1, new float[] {1}, PredictReply.Source.CACHE));
    for (boolean wire : new boolean[] {true, false}) {
      assertThat(again(Recollection.FORMAT, Recollection.unknown(lesson.body(), "2"), wire))
          .returns(null, Recollection::reply)
          .returns(lesson, recollection -> recollection.lesson(request));
      assertThat(again(Recollection.FORMAT, known, wire).reply())
          .usingRecursiveComparison()
          .isEqualTo(known.reply());
      assertThat(again(Lesson.FORMAT, lesson, wire)).usingRecursiveComparison().isEqualTo(lesson);
    }
  }

  @Test
  void json_strangersLesson_isRefusedByItsFields() {
    JsonObject request = PredictRequest.FORMAT.toJson(PredictRequest.of(1));

    assertThatThrownBy(() -> Lesson.FORMAT.fromJson(new JsonObject()))
        .hasMessage("request must be an object");
    assertThatThrownBy(() -> Lesson.FORMAT.fromJson(new JsonObject().put("request", request)))
        .hasMessage("high, low and length must be numbers");
    assertThatThrownBy(() -> Recall.FORMAT.fromJson(new JsonObject().put("body", 7)))
        .hasMessage("body must be a text");
  }

  @Test
  void json_predictReply_comesBackEqual() {
    PredictReply reply =
        new PredictReply("m", "2", 2, new float[] {0.25f, 0.75f, 1, 0}, PredictReply.Source.MODEL);

    JsonObject json = PredictReply.FORMAT.toJson(reply);

    assertThat(json.getJsonArray("prediction").getJsonArray(1).getFloat(0)).isEqualTo(1f);
    assertThat(PredictReply.FORMAT.fromJson(json)).usingRecursiveComparison().isEqualTo(reply);
  }

  @Test
  void decode_otherVersion_isRefused() {
    Buffer buffer = Buffer.buffer();
    JobId.FORMAT.encodeToWire(buffer, new JobId("x"));
    buffer.setByte(0, (byte) 9);

    assertThatThrownBy(() -> JobId.FORMAT.decodeFromWire(0, buffer))
        .hasMessage("[retort.JobId] the wire version must be 1: 9");
  }

  @Test
  void decode_cutAnywhere_isRefusedWithoutAllocating() {
    Buffer whole = Buffer.buffer();
    PredictRequest.FORMAT.encodeToWire(whole, PredictRequest.of(1, 2, 3));

    for (int length = 1; length < whole.length(); length++) {
      Buffer cut = whole.getBuffer(0, length);
      assertThatThrownBy(() -> PredictRequest.FORMAT.decodeFromWire(0, cut))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("more bytes");
    }
    Buffer huge = whole.copy().setIntLE(13, Integer.MAX_VALUE);
    assertThatThrownBy(() -> PredictRequest.FORMAT.decodeFromWire(0, huge))
        .hasMessageContaining("more bytes");
  }

  @Test
  void jobRequest_unknownOrWrongField_isRefusedByName() {
    assertThatThrownBy(() -> JobRequest.of(new JsonObject().put("epocs", 3)))
        .hasMessageContaining("epocs is not known");
    assertThatThrownBy(() -> JobRequest.of(new JsonObject().put("epochs", "three")))
        .hasMessage("epochs must be a number: three");
    assertThatThrownBy(() -> JobRequest.of(new JsonObject().put("recipe", 7)))
        .hasMessage("recipe must be a name or an object: 7");
  }

  private static <T> T again(Format<T> format, T message, boolean wire) {
    return wire
        ? overTheWire(format, message)
        : format.fromJson(new JsonObject(format.toJson(message).encode()));
  }

  private static <T> T overTheWire(Format<T> format, T message) {
    Buffer buffer = Buffer.buffer("before");
    format.encodeToWire(buffer, message);
    return format.decodeFromWire("before".length(), buffer);
  }
}
