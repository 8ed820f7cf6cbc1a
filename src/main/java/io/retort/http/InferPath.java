package io.retort.http;

/**
 * {@code /v2/models/{model}[/versions/{version}]/infer}, its names as they stand in the path.
 *
 * @param version null where the path names none
 */
record InferPath(String path, String model, String version) {
  static final String END = "/infer";
  private static final String OPEN = "/v2/models/";
  private static final String VERSIONS = "/versions/";

  /** Null for another path, and for one with escapes or empty names, which is for the router. */
  static InferPath of(String path) {
    if (!path.startsWith(OPEN) || !path.endsWith(END) || path.indexOf('%') >= 0) {
      return null;
    }
    int from = OPEN.length();
    int to = path.length() - END.length();
    int slash = path.indexOf('/', from);
    if (slash == from || slash > to || from >= to) {
      return null;
    }
    if (slash == to) {
      return new InferPath(path, path.substring(from, to), null);
    }
    int version = slash + VERSIONS.length();
    if (!path.startsWith(VERSIONS, slash) || version >= to || path.indexOf('/', version) != to) {
      return null;
    }
    return new InferPath(path, path.substring(from, slash), path.substring(version, to));
  }
}
