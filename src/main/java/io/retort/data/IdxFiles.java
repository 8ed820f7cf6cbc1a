package io.retort.data;

import io.retort.data.Dataset.Split;
import io.retort.tensor.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Finds a split's pair of IDX files, reads them and checks that they belong together. */
final class IdxFiles {
  private IdxFiles() {}

  private static String images(Split split) {
    return prefix(split) + "-images-idx3-ubyte";
  }

  private static String labels(Split split) {
    return prefix(split) + "-labels-idx1-ubyte";
  }

  private static String prefix(Split split) {
    return split == Split.TRAIN ? "train" : "t10k";
  }

  static Dataset bundled(String name, Split split, int classes) {
    return pair(resource(name, images(split), 3), resource(name, labels(split), 1), classes);
  }

  static Dataset in(Path directory, Split split, int classes) {
    if (!Files.isDirectory(directory)) {
      throw new DatasetException("[idx] the data directory must be there: " + directory);
    }
    return pair(file(directory, images(split), 3), file(directory, labels(split), 1), classes);
  }

  private static Idx resource(String dataset, String name, int rank) {
    String path = "/datasets/" + dataset + "/" + name + ".gz";
    try (InputStream in = IdxFiles.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new DatasetException("[idx] the jar must hold " + path + ": it does not");
      }
      return Idx.read(path, in, rank, Long.MAX_VALUE);
    } catch (IOException e) {
      throw new DatasetException("[idx] " + path + " must be readable: " + e.getMessage(), e);
    }
  }

  private static Idx file(Path directory, String name, int rank) {
    Path plain = directory.resolve(name);
    Path gzipped = directory.resolve(name + ".gz");
    Path file = Files.exists(plain) ? plain : gzipped;
    if (!Files.isRegularFile(file)) {
      throw new DatasetException(
          "[idx] "
              + directory
              + " must hold the file "
              + name
              + " or "
              + name
              + ".gz: it has neither");
    }
    try (InputStream in = Files.newInputStream(file)) {
      return Idx.read(file.toString(), in, rank, Files.size(file));
    } catch (IOException e) {
      throw new DatasetException("[idx] " + file + " must be readable: " + e.getMessage(), e);
    }
  }

  private static Dataset pair(Idx images, Idx labels, int classes) {
    int[] dims = images.dims();
    if (labels.dims()[0] != dims[0]) {
      throw new DatasetException(
          "[idx] "
              + labels.source()
              + " must hold a label for each of the "
              + dims[0]
              + " images of "
              + images.source()
              + ": "
              + labels.dims()[0]);
    }
    int[] numbers = new int[dims[0]];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = labels.values()[i] & 0xff;
      if (numbers[i] >= classes) {
        throw new DatasetException(
            "[idx] "
                + labels.source()
                + " must hold labels in 0 … "
                + (classes - 1)
                + ": "
                + numbers[i]
                + " at "
                + i);
      }
    }
    return Dataset.of(Shape.of(1, dims[1], dims[2]), images.values(), numbers, classes);
  }
}
