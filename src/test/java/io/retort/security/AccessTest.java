package io.retort.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccessTest {
  @ParameterizedTest
  @CsvSource({
    "POST, /predict, PREDICT",
    "GET, /v2, PREDICT",
    "GET, /v2/health/live, OPEN",
    "GET, /v2/health/ready, OPEN",
    "GET, /v2/models/student/versions/3, PREDICT",
    "GET, /v2/models/student/ready, PREDICT",
    "POST, /v2/models/student/infer, PREDICT",
    "POST, /v2/models/student/versions/3/infer, PREDICT",
    "POST, /v2/repository/index, ADMIN",
    "POST, /v2/repository/models/infer/load, ADMIN",
    "GET, /v1/jobs, TRAIN",
    "POST, /v1/jobs, TRAIN",
    "DELETE, /v1/jobs/a, TRAIN",
    "GET, /v1/jobs/a/progress, TRAIN",
    "GET, /v1/progress, TRAIN",
    "GET, /v1/models, PREDICT",
    "POST, /v1/models/student/promote, ADMIN",
    "DELETE, /v1/models/student, ADMIN",
    "GET, /metrics, METRICS",
    "GET, /health, ANY",
    "GET, /health/live, OPEN",
    "GET, /health/ready, OPEN",
    "HEAD, /health/ready, OPEN",
    "GET, /docs/swagger-ui.css, OPEN",
    "POST, /inference.GRPCInferenceService/ModelInfer, PREDICT",
    "POST, /inference.GRPCInferenceService/ServerLive, OPEN",
    "POST, /inference.GRPCInferenceService/RepositoryModelLoad, ADMIN",
  })
  void of_route_isWhatItAsks(String method, String path, Access access) {
    assertThat(Access.of(method, path)).isEqualTo(access);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/nothing",
        "/v1/jobsish",
        "/health/live/",
        "/docsx",
        "//v1/jobs",
        "/docs/../v1/jobs",
        "/docs/./x",
        "/docs/%2e%2e/v1/jobs",
        "/v2/models/..%2f/infer",
        "/docs\\..\\v1\\jobs",
        ""
      })
  void of_pathThatNobodyEntered_isLeftToAnAdmin(String path) {
    assertThat(Access.of("GET", path)).isEqualTo(Access.ADMIN);
  }

  @Test
  void require_adminMayAll_othersTheirOwn() {
    Caller admin = new Caller("a", EnumSet.of(Role.ADMIN), 0, 0);
    Caller trainer = new Caller("t", EnumSet.of(Role.TRAIN), 0, 0);

    for (Access access : Access.values()) {
      access.require(admin);
    }
    Access.TRAIN.require(trainer);
    Access.ANY.require(trainer);
    assertThatThrownBy(() -> Access.PREDICT.require(trainer))
        .hasMessage("this route needs the role predict, which t does not have");
    assertThatThrownBy(() -> Access.ADMIN.require(trainer)).hasMessageContaining("role admin");
  }
}
