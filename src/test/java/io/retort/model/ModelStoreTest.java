package io.retort.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.nn.Architecture;
import io.retort.tensor.HostTensor;
import io.retort.tensor.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelStoreTest {
  private static final Architecture NET = StoreProcess.ARCHITECTURE;

  private static ModelCard save(ModelStore store, String model, float number) {
    Map<String, Double> metrics = Map.of("accuracy", 0.5, "number", (double) number);
    return store.save(model, NET, StoreProcess.weights(number), metrics, "mnist", "abc");
  }

  @Test
  void save_versions_countUpAndReadBack(@TempDir Path directory) {
    try (ModelStore store = ModelStore.open(directory.resolve("a/b"))) {
      ModelCard first = save(store, "student", 1);
      ModelCard second = save(store, "student", 2);
      assertThat(first.version()).isEqualTo("1");
      assertThat(second.version()).isEqualTo("2");
      assertThat(store.models()).containsExactly("student");
      assertThat(store.versions("student")).containsExactly(first, second);
      assertThat(store.card("student", "2")).isEqualTo(second);
      assertThat(store.weights(second)).isEqualTo(StoreProcess.weights(2));
      assertThat(second.hash()).isEqualTo(WeightHash.of(StoreProcess.weights(2)));
      assertThat(second.recipe()).isEqualTo("mnist");
      assertThat(second.metrics()).containsEntry("accuracy", 0.5);
    }
  }

  @Test
  void save_afterTheNinth_isTheTenth(@TempDir Path directory) {
    try (ModelStore store = ModelStore.open(directory)) {
      for (int i = 1; i <= 11; i++) {
        assertThat(save(store, "net", i).version()).isEqualTo(String.valueOf(i));
      }
      assertThat(store.versions("net")).extracting(ModelCard::version).endsWith("9", "10", "11");
    }
  }

  @Test
  void save_withoutTeacherAndRecipe_leavesThemOut(@TempDir Path directory) throws IOException {
    try (ModelStore store = ModelStore.open(directory)) {
      ModelCard card = store.save("net", NET, StoreProcess.weights(1), Map.of(), null, null);
      assertThat(store.card("net", "1")).isEqualTo(card);
      assertThat(directory.resolve("net/1/model.json"))
          .content()
          .doesNotContain("teacherHash", "recipe");
    }
  }

  @Test
  void save_weightsOfAnotherModel_namesBoth(@TempDir Path directory) {
    try (ModelStore store = ModelStore.open(directory)) {
      Map<String, HostTensor> weights = new LinkedHashMap<>(StoreProcess.weights(1));
      weights.put("linear1/bias", HostTensor.of(Shape.of(2), 1, 2));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> store.save("net", NET, weights, Map.of(), null, null))
          .withMessageContaining("linear1/bias=[200]")
          .withMessageContaining("linear1/bias=[2]");
      assertThat(store.models()).isEmpty();
    }
  }

  @Test
  void save_metricNotANumber_isRefusedAndLeavesNothing(@TempDir Path directory) {
    try (ModelStore store = ModelStore.open(directory)) {
      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  store.save(
                      "net", NET, StoreProcess.weights(1), Map.of("loss", Double.NaN), null, null))
          .withMessageContaining("loss NaN");
      assertThat(store.versions("net")).isEmpty();
    }
  }

  @Test
  void promote_version_isLiveAndRemembersTheOneBefore(@TempDir Path directory) {
    try (ModelStore store = ModelStore.open(directory)) {
      assertThat(store.live("net")).isEmpty();
      save(store, "net", 1);
      ModelCard second = save(store, "net", 2);
      assertThat(store.live("net")).isEmpty();
      store.promote("net", "1");
      assertThat(store.previous("net")).isEmpty();
      store.promote("net", "2");
      store.promote("net", "2");
      assertThat(store.live("net")).contains(second);
      assertThat(store.previous("net")).contains("1");
      store.promote("net", "1");
      assertThat(ModelStore.readOnly(directory).live("net")).map(ModelCard::version).contains("1");
      assertThat(store.previous("net")).contains("2");
    }
  }

  @Test
  void promote_brokenWeights_isRefusedAndTheLiveOneStays(@TempDir Path directory)
      throws IOException {
    try (ModelStore store = ModelStore.open(directory)) {
      save(store, "net", 1);
      save(store, "net", 2);
      store.promote("net", "1");
      Path file = directory.resolve("net/2/model.safetensors");
      byte[] bytes = Files.readAllBytes(file);
      bytes[bytes.length - 1] ^= 1;
      Files.write(file, bytes);
      assertThatExceptionOfType(ModelException.class)
          .isThrownBy(() -> store.promote("net", "2"))
          .withMessageContaining(Path.of("net", "2", "model.safetensors").toString())
          .withMessageContaining("hash");
      assertThat(store.live("net")).map(ModelCard::version).contains("1");
    }
  }

  @Test
  void card_unknown_saysSoWithoutAPath(@TempDir Path directory) {
    try (ModelStore store = ModelStore.open(directory)) {
      save(store, "student", 1);
      assertThatExceptionOfType(UnknownModelException.class)
          .isThrownBy(() -> store.card("studnet", "1"))
          .withMessage("there is no model studnet; did you mean student?");
      for (String version : new String[] {"2", "0", "01", "../1", "live", ".", "99999999999"}) {
        assertThatExceptionOfType(UnknownModelException.class)
            .isThrownBy(() -> store.promote("student", version))
            .withMessageStartingWith("model student has no version " + version + ";");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", ".", "..", "../x", "a/b", "/etc", ".hidden", "A", "a\\b", "a b", "ä", "-x"})
  void names_thatCouldLeaveTheStore_areRefused(String name, @TempDir Path directory) {
    try (ModelStore store = ModelStore.open(directory)) {
      assertThatIllegalArgumentException().isThrownBy(() -> save(store, name, 1));
      assertThatIllegalArgumentException().isThrownBy(() -> store.live(name));
      assertThatIllegalArgumentException().isThrownBy(() -> store.card(name, "1"));
      assertThatIllegalArgumentException().isThrownBy(() -> store.versions(name));
      assertThatIllegalArgumentException().isThrownBy(() -> store.promote(name, "1"));
      assertThat(directory.toFile().list()).containsExactly(".lock");
    }
  }

  @Test
  void readOnly_anyChange_isRefused(@TempDir Path directory) {
    try (ModelStore writer = ModelStore.open(directory);
        ModelStore reader = ModelStore.readOnly(directory)) {
      save(writer, "net", 1);
      assertThat(reader.versions("net")).hasSize(1);
      assertThatThrownBy(() -> save(reader, "net", 2)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> reader.promote("net", "1"))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void readOnly_directoryNotThereYet_isEmpty(@TempDir Path directory) {
    try (ModelStore reader = ModelStore.readOnly(directory.resolve("later"))) {
      assertThat(reader.models()).isEmpty();
      assertThat(reader.live("net")).isEmpty();
      assertThat(reader.versions("net")).isEmpty();
    }
  }

  @Test
  void open_aFile_isRefused(@TempDir Path directory) throws IOException {
    Path file = Files.createFile(directory.resolve("models"));
    for (Path each : List.of(file, file.resolve("below"))) {
      assertThatExceptionOfType(ModelException.class)
          .isThrownBy(() -> ModelStore.open(each))
          .withMessageContaining(each.toString());
    }
    assertThatExceptionOfType(ModelException.class).isThrownBy(() -> ModelStore.readOnly(file));
  }

  @Test
  void open_lockThatCannotBeWritten_isRefused(@TempDir Path directory) throws IOException {
    Files.createDirectory(directory.resolve(".lock"));
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> ModelStore.open(directory))
        .withMessageContaining("writable")
        .withMessageContaining(directory.toString());
  }

  @Test
  void open_link_isFollowed(@TempDir Path directory) throws IOException {
    Path real = Files.createDirectory(directory.resolve("real"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), real);
    try (ModelStore store = ModelStore.open(link)) {
      save(store, "net", 1);
      assertThatExceptionOfType(ModelException.class).isThrownBy(() -> ModelStore.open(real));
    }
    assertThat(real.resolve("net/1/model.json")).exists();
  }

  @Test
  void open_twiceInOneProcess_isRefusedUntilClosed(@TempDir Path directory) {
    try (ModelStore store = ModelStore.open(directory)) {
      assertThatExceptionOfType(ModelException.class)
          .isThrownBy(() -> ModelStore.open(directory))
          .withMessageContaining("this process");
      save(store, "net", 1);
    }
    ModelStore.open(directory).close();
  }

  @Test
  void open_byASecondProcess_namesTheFirst(@TempDir Path directory) throws Exception {
    Process holder = StoreProcess.start(directory, "hold");
    try {
      StoreProcess.await(holder, "open");
      assertThatExceptionOfType(ModelException.class)
          .isThrownBy(() -> ModelStore.open(directory))
          .withMessageContaining("in use by process " + holder.pid());
      assertThat(ModelStore.readOnly(directory).models()).isEmpty();
    } finally {
      holder.destroyForcibly().waitFor();
    }
    ModelStore.open(directory).close();
  }

  @Test
  void open_afterAKilledWriter_findsWholeVersionsOnly(@TempDir Path directory) throws Exception {
    Random random = new Random(4);
    int before = 0;
    for (int round = 0; round < 4; round++) {
      Process writer = StoreProcess.start(directory, "write");
      try {
        StoreProcess.await(writer, "open", "promoted");
        writer.waitFor(random.nextInt(60), TimeUnit.MILLISECONDS);
      } finally {
        writer.destroyForcibly().waitFor();
      }
      try (ModelStore store = ModelStore.open(directory)) {
        List<ModelCard> cards = store.versions("net");
        for (ModelCard card : cards) {
          float number = card.metrics().get("number").floatValue();
          assertThat(store.weights(card)).isEqualTo(StoreProcess.weights(number));
        }
        int live = store.live("net").map(card -> Integer.parseInt(card.version())).orElse(0);
        assertThat(live).isBetween(cards.size() - 1, cards.size());
        assertThat(cards).hasSizeGreaterThan(before);
        before = cards.size();
        assertNothingUnfinished(directory);
      }
    }
  }

  private static void assertNothingUnfinished(Path directory) {
    try (var files = Files.walk(directory)) {
      assertThat(files.filter(file -> file.getFileName().toString().startsWith(".writing")))
          .isEmpty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What a writer killed after so many steps of saving leaves behind. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void open_leftoverOfEveryStage_isNoVersionAndIsRemoved(int stage, @TempDir Path directory)
      throws IOException {
    try (ModelStore store = ModelStore.open(directory)) {
      save(store, "net", 1);
      store.promote("net", "1");
    }
    Path home = directory.resolve("net");
    Path unfinished = Files.createDirectory(home.resolve(".writing-2"));
    byte[] weights = Files.readAllBytes(home.resolve("1/model.safetensors"));
    if (stage == 1) {
      Files.write(unfinished.resolve(".writing-model.safetensors"), new byte[1000]);
    }
    if (stage >= 2) {
      Files.write(unfinished.resolve("model.safetensors"), weights);
    }
    if (stage == 3) {
      Files.writeString(unfinished.resolve(".writing-model.json"), "{\"name\":");
    }
    if (stage >= 4) {
      Files.copy(home.resolve("1/model.json"), unfinished.resolve("model.json"));
    }
    if (stage == 5) {
      Files.writeString(home.resolve(".writing-live"), "{\"ver");
    }
    assertOnlyTheFirst(ModelStore.readOnly(directory));
    try (ModelStore store = ModelStore.open(directory)) {
      assertOnlyTheFirst(store);
      assertNothingUnfinished(directory);
      assertThat(save(store, "net", 2).version()).isEqualTo("2");
    }
  }

  private static void assertOnlyTheFirst(ModelStore store) {
    assertThat(store.versions("net")).extracting(ModelCard::version).containsExactly("1");
    assertThat(store.live("net")).map(ModelCard::version).contains("1");
    assertThat(store.models()).containsExactly("net");
  }

  @Test
  void card_foreignOrBroken_namesTheFileAndTheField(@TempDir Path directory) throws IOException {
    try (ModelStore store = ModelStore.open(directory)) {
      save(store, "net", 1);
      Path file = directory.resolve("net/1/model.json");
      String json = Files.readString(file);
      Map<String, String> broken = new LinkedHashMap<>();
      broken.put("", "empty");
      broken.put("{", "JSON");
      broken.put("[]", "object");
      broken.put(json.replace("\"net\"", "\"other\""), "net/1");
      broken.put(
          json.replaceFirst("\"created\" : \"[^\"]*\"", "\"created\" : \"yesterday\""), "created");
      broken.put(
          json.replace("\"accuracy\"", "\"hash\"").replaceFirst("\"hash\" : \"[^\"]*\",", ""),
          "hash");
      broken.put(json.replace("\"recipe\"", "\"recip\""), "recip");
      broken.put(json.replace("\"linear\" : 200", "\"linear\" : 0"), "layers[0]");
      broken.forEach(
          (text, reason) -> {
            write(file, text);
            assertThatExceptionOfType(ModelException.class)
                .isThrownBy(() -> store.card("net", "1"))
                .withMessageContaining(file.toString())
                .withMessageContaining(reason);
          });
      Files.delete(file);
      assertThatExceptionOfType(ModelException.class)
          .isThrownBy(() -> store.card("net", "1"))
          .withMessageContaining("no file");
    }
  }

  @Test
  void live_broken_namesTheFile(@TempDir Path directory) {
    try (ModelStore store = ModelStore.open(directory)) {
      save(store, "net", 1);
      Path file = directory.resolve("net/live");
      for (String text :
          new String[] {
            "", "7", "{\"version\":\"../1\"}", "{\"version\":1}", "{\"version\":\"1\",\"x\":1}"
          }) {
        write(file, text);
        assertThatExceptionOfType(ModelException.class)
            .isThrownBy(() -> store.live("net"))
            .withMessageContaining(file.toString());
      }
      write(file, "{\"version\":\"7\"}");
      assertThatExceptionOfType(UnknownModelException.class).isThrownBy(() -> store.live("net"));
    }
  }

  @Test
  void changeLive_whileAnotherProcessWritesTheStore_isDone(@TempDir Path directory)
      throws Exception {
    try (ModelStore store = ModelStore.open(directory)) {
      save(store, "net", 1);
      store.promote("net", "1");
    }
    Process holder = StoreProcess.start(directory, "hold");
    try {
      StoreProcess.await(holder, "open");
      ModelStore reader = ModelStore.readOnly(directory);
      Object stamp = reader.liveStamp("net");
      reader.changeLive("net", live -> live.labelled("stable", "1"));
      assertThat(reader.traffic("net").get().labels()).isEqualTo(Map.of("stable", "1"));
      assertThat(reader.liveStamp("net")).isNotEqualTo(stamp);
    } finally {
      holder.destroyForcibly().waitFor();
    }
  }

  @Test
  void changeLive_byProcessesAndThreadsAtOnce_losesNoChange(@TempDir Path directory)
      throws Exception {
    try (ModelStore store = ModelStore.open(directory)) {
      save(store, "net", 1);
      store.promote("net", "1");
    }
    Process other = StoreProcess.start(directory, "label");
    try {
      StoreProcess.await(other, "open");
      ModelStore store = ModelStore.readOnly(directory);
      Thread first = labelling(store, "first");
      Thread second = labelling(store, "second");
      first.join();
      second.join();
      StoreProcess.await(other, "labelled");
      assertThat(store.traffic("net").get().labels()).hasSize(3 * StoreProcess.LABELS);
    } finally {
      other.destroyForcibly().waitFor();
    }
  }

  private static Thread labelling(ModelStore store, String word) {
    Thread thread = new Thread(() -> StoreProcess.label(store, word));
    thread.start();
    return thread;
  }

  @Test
  void changeLive_refusedByTheChange_leavesTheFileAndTheLock(@TempDir Path directory) {
    try (ModelStore store = ModelStore.open(directory)) {
      save(store, "net", 1);
      store.promote("net", "1");
      UnaryOperator<Live> refusal =
          live -> {
            throw new IllegalStateException("no");
          };
      assertThatThrownBy(() -> store.changeLive("net", refusal)).hasMessage("no");
      assertThat(store.changeLive("net", live -> live.labelled("a", "1")).version()).isEqualTo("1");
      assertThatExceptionOfType(UnknownModelException.class)
          .isThrownBy(() -> store.changeLive("nets", live -> live))
          .withMessageContaining("did you mean net?");
    }
  }

  @Test
  void promote_whereASplitWas_clearsItAndKeepsTheLabels(@TempDir Path directory) {
    try (ModelStore store = ModelStore.open(directory)) {
      save(store, "net", 1);
      save(store, "net", 2);
      store.promote("net", "1");
      store.changeLive(
          "net", live -> live.labelled("old", "1").shadowed("2").shared(Map.of("1", 90, "2", 10)));
      assertThat(store.traffic("net").get().shadow()).isNull();
      store.promote("net", "2");
      assertThat(store.traffic("net"))
          .contains(new Live("2", "1", Map.of(), Map.of("old", "1"), null));
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void models_strangeFiles_areLeftAlone(@TempDir Path directory) throws IOException {
    Files.createDirectories(directory.resolve("empty"));
    Files.createDirectories(directory.resolve("Notes"));
    Files.createDirectories(directory.resolve("net/old"));
    Files.writeString(directory.resolve("readme"), "x");
    try (ModelStore store = ModelStore.open(directory)) {
      save(store, "net", 1);
      assertThat(store.models()).containsExactly("net");
      assertThat(store.versions("net")).hasSize(1);
      assertThat(directory.resolve("net/old")).exists();
      assertThat(directory.resolve("readme")).exists();
    }
  }
}
