package io.retort.http;

import io.retort.data.Dataset;
import io.retort.data.Dataset.Split;
import java.io.BufferedOutputStream;
import java.io.PrintStream;
import java.nio.FloatBuffer;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Bodies of {@code POST /predict}, one a line: what the load scripts send and the JSON benchmarks
 * read.
 */
public enum Bodies {
  /** Digits of the MNIST test set as float32 numbers; 2.8 kB on the average. */
  DIGITS {
    @Override
    void append(StringBuilder into, Dataset digits, int index) {
      FloatBuffer pixels = FloatBuffer.allocate(Math.toIntExact(digits.sample().size()));
      digits.images(new int[] {index % digits.size()}, 0, 1, pixels);
      for (int i = 0; i < pixels.capacity(); i++) {
        float pixel = pixels.get(i);
        into.append(i == 0 ? "" : ",").append(pixel == 0 ? "0" : Float.toString(pixel));
      }
    }
  },
  /** Random doubles in [0, 1) with all their digits, a space after each comma; 15.9 kB. */
  RANDOM {
    @Override
    void append(StringBuilder into, Dataset digits, int index) {
      SplittableRandom random = new SplittableRandom(index);
      for (int i = 0; i < digits.sample().size(); i++) {
        into.append(i == 0 ? "" : ", ").append(random.nextDouble());
      }
    }
  };

  abstract void append(StringBuilder into, Dataset digits, int index);

  String body(Dataset digits, int index) {
    StringBuilder text = new StringBuilder("{\"features\":[");
    append(text, digits, index);
    return text.append("]}").toString();
  }

  /** Bodies KIND COUNT: prints COUNT different bodies. */
  public static void main(String[] arguments) {
    Bodies kind = valueOf(arguments[0].toUpperCase(Locale.ROOT));
    Dataset digits = Dataset.mnist(Split.TEST);
    PrintStream out = new PrintStream(new BufferedOutputStream(System.out, 1 << 16));
    for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
      out.println(kind.body(digits, i));
    }
    out.flush();
  }
}
