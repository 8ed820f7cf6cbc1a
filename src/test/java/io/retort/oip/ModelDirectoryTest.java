package io.retort.oip;

import static io.retort.TrialNode.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.bus.Addresses;
import io.retort.bus.Bus;
import io.retort.bus.Failure;
import io.retort.bus.LiveModel;
import io.retort.bus.LiveModels;
import io.retort.bus.ModelList;
import io.retort.bus.ModelState;
import io.retort.bus.ModelStatistics;
import io.retort.bus.Traffic;
import io.retort.bus.VersionState;
import io.retort.bus.VersionState.Status;
import io.retort.bus.VersionStatistics;
import io.retort.bus.VersionStatistics.Tally;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ModelDirectoryTest {
  private static final LiveModel STUDENT =
      new LiveModel(
          "student",
          "3",
          784,
          10,
          true,
          List.of(1, 28, 28),
          new Traffic(Map.of("3", 100), Map.of("canary", "4"), null, List.of("3", "4")));

  private final Vertx vertx = Vertx.vertx();
  private final Bus bus = Bus.of(vertx);
  private final ModelDirectory directory = new ModelDirectory(bus);

  @AfterEach
  void close() {
    await(vertx.close());
  }

  @Test
  void live_modelThatAnswers_isFoundByVersionOrLabel() {
    answer(STUDENT);

    for (String version : new String[] {null, "3", "4", "canary"}) {
      assertThat(await(directory.live("student", version))).isEqualTo(STUDENT);
    }
    assertThat(await(directory.ready())).isTrue();
    assertThatThrownBy(() -> await(directory.live("student", "9")))
        .hasMessage("version 9 of student does not answer; those that do are 3, 4");
  }

  @Test
  void live_nobodyServes_isUnavailable() {
    assertThat(await(directory.ready())).isFalse();
    assertThatThrownBy(() -> await(directory.live("student", null)))
        .hasMessage("no part of this node or cluster serves models");
  }

  @Test
  void live_modelOfTheStoreAlone_isNotReady() {
    answer();
    bus.serve(
        Addresses.MODELS_LIST,
        name ->
            name.model().equals("student")
                ? Future.succeededFuture(new ModelList(List.of()))
                : Future.failedFuture(Failure.UNKNOWN_MODEL.because("there is no such model")));

    assertThat(await(directory.ready())).isFalse();
    assertThatThrownBy(() -> await(directory.live("student", null)))
        .hasMessage("no version of the model student answers at present");
    assertThatThrownBy(() -> await(directory.live("teacher", null)))
        .hasMessage("there is no such model");
  }

  @Test
  void index_versionsOfAllModels_haveTheirStates() {
    bus.serve(
        Addresses.MODELS_LIST,
        name ->
            Future.succeededFuture(
                new ModelList(
                    List.of(
                        new ModelState(
                            "student",
                            "2",
                            null,
                            null,
                            List.of(
                                version("1", Status.UNLOADED, null),
                                version("2", Status.READY, null),
                                version("3", Status.LOADING, null),
                                version("4", Status.FAILED, "no such file")))))));

    assertThat(await(directory.index(false)))
        .containsExactly(
            new RepositoryEntry("student", "1", "UNAVAILABLE", "unloaded"),
            new RepositoryEntry("student", "2", "READY", ""),
            new RepositoryEntry("student", "3", "LOADING", ""),
            new RepositoryEntry("student", "4", "UNAVAILABLE", "no such file"));
    assertThat(await(directory.index(true)))
        .extracting(RepositoryEntry::version)
        .containsExactly("2");
  }

  @Test
  void statistics_ofAVersion_areThatVersionsOnly() {
    Tally none = new Tally(0, 0);
    bus.serve(
        Addresses.MODELS_STATISTICS,
        name ->
            Future.succeededFuture(
                new ModelStatistics(
                    List.of(
                        new VersionStatistics(
                            name.model(), "3", 0, 0, 0, none, none, none, none, List.of()),
                        new VersionStatistics(
                            name.model(), "4", 0, 7, 0, none, none, none, none, List.of())))));

    assertThat(await(directory.statistics("student", null))).hasSize(2);
    assertThat(await(directory.statistics("student", "4")))
        .singleElement()
        .extracting(VersionStatistics::rows)
        .isEqualTo(7L);
    assertThatThrownBy(() -> await(directory.statistics("student", "5")))
        .hasMessage("version 5 of student is not loaded");
  }

  @Test
  void metadata_ofAModel_hasItsShapesForAnyNumberOfRows() {
    ModelMetadata metadata = ModelMetadata.of(STUDENT);

    assertThat(metadata.versions()).containsExactly("3", "4");
    assertThat(metadata.inputs())
        .containsExactly(new TensorMetadata("features", "FP32", List.of(-1, 1, 28, 28)));
    assertThat(metadata.outputs())
        .containsExactly(
            new TensorMetadata("probabilities", "FP32", List.of(-1, 10)),
            new TensorMetadata("class", "INT64", List.of(-1)));
  }

  private void answer(LiveModel... models) {
    bus.serve(
        Addresses.MODELS_LIVE,
        nothing -> Future.succeededFuture(new LiveModels(List.of(models), null)));
  }

  private static VersionState version(String version, Status status, String reason) {
    return new VersionState(version, status, reason, "", 0, 0, null, null, Map.of(), 0);
  }
}
