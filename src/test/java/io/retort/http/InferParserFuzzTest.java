package io.retort.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.bus.FailureException;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Whatever comes is read or refused, never anything else. */
class InferParserFuzzTest {
  private final InferParser parser = new InferParser(4, 250);

  @Property(tries = 20_000)
  void parse_damagedBodies_areReadOrRefused(
      @ForAll @Size(min = 1, max = 4) int[] places,
      @ForAll @Size(4) byte[] values,
      @ForAll @IntRange(max = 400) int length,
      @ForAll @IntRange(min = -1, max = 400) int jsonLength) {
    Buffer body =
        Buffer.buffer(
                """
                {"id":"7","parameters":{"binary_data_output":true,"timeout":9},"outputs":[{"name":
                "class","parameters":{"binary_data":true}}],"inputs":[{"name":"features","shape":[2
                ,2],"datatype":"FP32","parameters":{"binary_data_size":16}}]}""")
            .appendBytes(InferParserTest.floats(1, 2, 3, 4));
    for (int i = 0; i < places.length; i++) {
      body.setByte(Math.floorMod(places[i], body.length()), values[i]);
    }
    requireReadOrRefused(body.slice(0, Math.min(length, body.length())), jsonLength);
  }

  @Property(tries = 5_000)
  void parse_anyBytes_areReadOrRefused(
      @ForAll @Size(max = 64) byte[] bytes, @ForAll @IntRange(min = -1, max = 64) int jsonLength) {
    requireReadOrRefused(Buffer.buffer(bytes), jsonLength);
  }

  @Property(tries = 5_000)
  void parse_anyJsonLikeText_isReadOrRefused(
      @ForAll @Size(max = 40) List<@IntRange(max = 15) Integer> tokens) {
    String[] words =
        "{ } [ ] , : \"inputs\" \"data\" \"shape\" \"name\" 1 -2 \" \\ \"x\" true".split(" ");
    StringBuilder text = new StringBuilder("{\"inputs\":[{");
    for (int token : tokens) {
      text.append(words[token]);
    }
    requireReadOrRefused(Buffer.buffer(text.toString()), InferParser.ALL);
  }

  private void requireReadOrRefused(Buffer body, int jsonLength) {
    InferRequest request;
    try {
      request =
          parser.parse(
              body, Math.min(jsonLength, body.length()), new InferPath("", "student", null), null);
    } catch (FailureException refused) {
      assertThat(refused.failure().status()).isBetween(400, 501);
      return;
    }
    assertThat(request.question().features()).hasSize(request.input().elements());
    for (float value : request.question().features()) {
      assertThat(value).isFinite();
    }
  }
}
