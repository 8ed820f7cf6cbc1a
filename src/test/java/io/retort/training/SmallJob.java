package io.retort.training;

import io.retort.data.Dataset;
import io.retort.data.Dataset.Split;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/** Jobs of seconds: a part of MNIST as IDX files, and recipes of two small networks. */
public final class SmallJob {
  private SmallJob() {}

  /** Writes the first samples of MNIST as IDX files. */
  public static Path data(Path directory, int train, int test) throws IOException {
    Files.createDirectories(directory);
    write(directory, "train", Dataset.mnist(Split.TRAIN), train);
    write(directory, "t10k", Dataset.mnist(Split.TEST), test);
    return directory;
  }

  private static void write(Path directory, String name, Dataset data, int count)
      throws IOException {
    int[] rows = new int[count];
    for (int i = 0; i < count; i++) {
      rows[i] = i;
    }
    FloatBuffer pixels = FloatBuffer.allocate(count * 784);
    data.images(rows, 0, count, pixels);
    ByteBuffer images = ByteBuffer.allocate(16 + count * 784);
    images.putInt(0x803).putInt(count).putInt(28).putInt(28);
    ByteBuffer labels = ByteBuffer.allocate(8 + count).putInt(0x801).putInt(count);
    for (int i = 0; i < count * 784; i++) {
      images.put((byte) Math.round(pixels.get(i) * 255));
    }
    for (int i = 0; i < count; i++) {
      labels.put((byte) data.label(i));
    }
    Files.write(directory.resolve(name + "-images-idx3-ubyte"), images.array());
    Files.write(directory.resolve(name + "-labels-idx1-ubyte"), labels.array());
  }

  /**
   * A teacher of one epoch and a student of the given number, as {@code POST /v1/jobs} takes it.
   */
  public static JsonObject recipe(int epochs) {
    return new JsonObject()
        .put(
            "recipe",
            new JsonObject()
                .put("name", "small")
                .put("promote", "always")
                .put(
                    "models",
                    new JsonObject()
                        .put("teacher", new JsonObject().put("architecture", network("wide", 64)))
                        .put(
                            "student", new JsonObject().put("architecture", network("narrow", 16))))
                .put(
                    "phases",
                    new JsonArray()
                        .add(phase("teacher", 1, new JsonArray().add(hard("teacher"))))
                        .add(
                            phase(
                                "student",
                                epochs,
                                new JsonArray()
                                    .add(
                                        new JsonObject()
                                            .put(
                                                "softmaxKl",
                                                new JsonObject()
                                                    .put("student", "student")
                                                    .put("teacher", "teacher")
                                                    .put("temperature", 4)
                                                    .put("weight", 0.7)))
                                    .add(hard("student"))))));
  }

  private static JsonObject network(String name, int width) {
    return new JsonObject()
        .put("name", name)
        .put("input", new JsonArray().add(1).add(28).add(28))
        .put(
            "layers",
            new JsonArray()
                .add("flatten")
                .add(new JsonObject().put("linear", width))
                .add("relu")
                .add(new JsonObject().put("linear", 10)));
  }

  private static JsonObject phase(String model, int epochs, JsonArray terms) {
    return new JsonObject()
        .put("name", model.equals("teacher") ? "teacher" : "distill")
        .put("train", new JsonArray().add(model))
        .put("epochs", epochs)
        .put("terms", terms);
  }

  private static JsonObject hard(String model) {
    return new JsonObject().put("crossEntropy", new JsonObject().put("model", model));
  }
}
