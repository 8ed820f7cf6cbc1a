package io.retort.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InferPathTest {
  @Test
  void of_modelWithAndWithoutVersion_hasTheirNames() {
    assertThat(InferPath.of("/v2/models/a.b/infer"))
        .isEqualTo(new InferPath("/v2/models/a.b/infer", "a.b", null));
    assertThat(InferPath.of("/v2/models/infer/infer").model()).isEqualTo("infer");
    assertThat(InferPath.of("/v2/models/m/versions/12/infer"))
        .isEqualTo(new InferPath("/v2/models/m/versions/12/infer", "m", "12"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/infer",
        "/v2/models/infer",
        "/v2/models//infer",
        "/v2/models/m/infer/",
        "/v2/models/m/inferx",
        "/v2/models/m%20n/infer",
        "/v2/models/m/x/infer",
        "/v2/models/m/versions/infer",
        "/v2/models/m/versions//infer",
        "/v2/models/m/versions/1/2/infer",
        "/v2/models/m/versionsx/1/infer",
        "/v2/models/m//versions/1/infer",
        "/v1/models/m/infer"
      })
  void of_anotherPath_isForTheRouter(String path) {
    assertThat(InferPath.of(path)).isNull();
  }
}
