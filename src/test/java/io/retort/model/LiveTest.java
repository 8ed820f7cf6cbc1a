package io.retort.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LiveTest {
  private static final Live FULL =
      new Live("9", "2", Map.of("9", 90, "10", 10), Map.of("old", "2", "next", "10"), "11");

  @TempDir Path model;

  @Test
  void read_whatWasWritten_isTheSame() throws IOException {
    Live.change(model, none -> FULL);
    assertThat(Live.read(model)).contains(FULL);
    assertThat(Live.change(model, live -> Live.of("3"))).isEqualTo(Live.of("3"));
    assertThat(model.resolve("live")).content().isEqualTo("{\"version\":\"3\"}\n");
  }

  @Test
  void read_fileWithoutTraffic_isOneVersionForAll() throws IOException {
    Files.writeString(model.resolve("live"), "{\"version\":\"2\",\"previous\":\"1\"}");
    Live live = Live.read(model).get();
    assertThat(live).isEqualTo(new Live("2", "1", Map.of(), Map.of(), null));
    assertThat(live.shares()).isEqualTo(Map.of("2", 100));
    assertThat(live.versions()).containsExactly("2");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "'split':{'1':50,'2':49}; split must be percents with the sum 100",
        "'split':{'1':0,'2':100}; split.1 must be a version's percent",
        "'split':{'a':100}; split.a must be a version's percent",
        "'split':{'1':33.3,'2':66.7}; split.1 must be a whole number",
        "'labels':{'live':'1'}; labels.live must be a label",
        "'labels':{'stable':'x'}; labels.stable must be a version",
        "'shadow':'../1'; shadow must be a version",
        "'shadows':'1'; shadows is not known; did you mean shadow?"
      })
  void read_brokenTraffic_namesFileAndField(String field, String reason) throws IOException {
    String text = "{'version':'1'," + field + "}";
    Files.writeString(model.resolve("live"), text.replace('\'', '"'));
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> Live.read(model))
        .withMessageContaining(model.resolve("live").toString())
        .withMessageContaining(reason);
  }

  @Test
  void versions_allThatTakePart_areThereOnceTheLiveOneFirst() {
    assertThat(FULL.versions()).containsExactly("9", "2", "10", "11");
    assertThat(FULL.split().keySet()).containsExactly("9", "10");
  }

  @Test
  void promoted_another_answersAloneAndMayGoBack() {
    Live promoted = FULL.promoted("11");
    assertThat(promoted).isEqualTo(new Live("11", "9", Map.of(), FULL.labels(), null));
    assertThat(promoted.promoted("9").previous()).isEqualTo("11");
    assertThat(promoted.promoted("11")).isEqualTo(promoted);
  }

  @Test
  void shared_byOneVersion_isItsPromotion() {
    assertThat(FULL.shared(Map.of("2", 100))).isEqualTo(FULL.promoted("2"));
    assertThat(FULL.shared(Map.of("9", 1, "11", 99)).shadow()).isNull();
    assertThat(FULL.shared(Map.of("9", 1, "10", 99)).shadow()).isEqualTo("11");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "stable", "a-b_c.d9"})
  void isLabel_aWord_is(String word) {
    assertThat(Live.isLabel(word)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1", "12", "live", "9a", "A", "a/b", "..", "-a", "a b", "é", "a\n"})
  void isLabel_whatCouldBeMistaken_isNot(String word) {
    assertThat(Live.isLabel(word)).isFalse();
    assertThat(Live.isLabel("a".repeat(33))).isFalse();
    assertThat(Live.isLabel(null)).isFalse();
  }
}
