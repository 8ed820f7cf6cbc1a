package io.retort;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The rules of the rooms: who may know whom. */
class ArchitectureTest {
  /** Each room with those it may know, besides itself and {@code json}. */
  private static final Map<String, List<String>> KNOWN =
      Map.ofEntries(
          Map.entry("json", List.of()),
          Map.entry("tensor", List.of()),
          Map.entry("device", List.of("tensor")),
          Map.entry("graph", List.of("tensor", "device")),
          Map.entry("data", List.of("tensor")),
          Map.entry("nn", List.of("graph", "tensor")),
          Map.entry("model", List.of("graph", "nn", "tensor")),
          Map.entry("distill", List.of("graph", "nn", "data", "model", "tensor", "device")),
          Map.entry("bus", List.of()),
          Map.entry("config", List.of()),
          Map.entry("metrics", List.of("config")),
          Map.entry("oip", List.of("bus")),
          Map.entry("security", List.of("bus", "config")),
          Map.entry("grpc", List.of("bus", "config", "metrics", "oip", "security")),
          Map.entry("http", List.of("bus", "config", "metrics", "oip", "security")),
          Map.entry("cache", List.of("bus", "config", "metrics")),
          Map.entry(
              "inference",
              List.of("bus", "config", "metrics", "model", "graph", "nn", "tensor", "device")),
          Map.entry(
              "training",
              List.of("bus", "config", "metrics", "distill", "model", "data", "device")));

  /** Rooms that may know all. */
  private static final Set<String> TOP = Set.of("cli");

  private static JavaClasses classes;

  @BeforeAll
  static void read() {
    String tests =
        ArchitectureTest.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    classes =
        new ClassFileImporter()
            .withImportOption(location -> !location.contains(tests))
            .importPackages("io.retort");
  }

  static Stream<String> rooms() {
    return KNOWN.keySet().stream().sorted();
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void room_itsClasses_knowOnlyWhomTheyMay(String room) {
    String[] allowed =
        Stream.concat(Stream.of(room, "json"), KNOWN.get(room).stream())
            .map(each -> "io.retort." + each + "..")
            .toArray(String[]::new);

    noClasses()
        .that()
        .resideInAPackage("io.retort." + room + "..")
        .should()
        .dependOnClassesThat(resideInAPackage("io.retort..").and(resideOutsideOfPackages(allowed)))
        .allowEmptyShould(false)
        .check(classes);
  }

  @Test
  void library_fromTensorToDistill_knowsNoVertx() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "io.retort.tensor..",
            "io.retort.device..",
            "io.retort.json..",
            "io.retort.data..",
            "io.retort.graph..",
            "io.retort.nn..",
            "io.retort.model..",
            "io.retort.distill..")
        .should()
        .dependOnClassesThat(resideInAnyPackage("io.vertx..", "io.netty.."))
        .check(classes);
  }

  @Test
  void bytedeco_itsClasses_areImportedByDeviceAlone() throws IOException {
    Path sources = Path.of("src/main/java/io/retort");
    List<Path> knowing = new ArrayList<>();
    try (Stream<Path> files = Files.walk(sources)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
        if (Files.readString(file).contains("org.bytedeco")) {
          knowing.add(sources.relativize(file));
        }
      }
    }
    assertThat(knowing).isNotEmpty().allMatch(file -> file.startsWith("device"));
  }

  @Test
  void rooms_thatExist_areAllInTheTable() {
    Set<String> rooms =
        classes.stream()
            .map(each -> each.getPackageName().split("\\."))
            .filter(parts -> parts.length > 2)
            .map(parts -> parts[2])
            .collect(Collectors.toCollection(TreeSet::new));
    rooms.removeAll(TOP);

    assertThat(rooms).isEqualTo(new TreeSet<>(KNOWN.keySet()));
  }
}
