package io.retort.oip;

import java.util.List;

/**
 * What the server is.
 *
 * @param version of the jar; {@code development} for classes that are not in one
 * @param extensions those of the protocol's extensions that are whole
 */
public record ServerMetadata(String name, String version, List<String> extensions) {
  public static final String NAME = "retort";

  /** Of this server. */
  public static ServerMetadata ours() {
    String version = ServerMetadata.class.getPackage().getImplementationVersion();
    return new ServerMetadata(
        NAME,
        version == null ? "development" : version,
        List.of("binary_tensor_data", "model_repository", "statistics"));
  }
}
