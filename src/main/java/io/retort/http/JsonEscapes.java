package io.retort.http;

/** The escapes of JSON's strings. */
final class JsonEscapes {
  private JsonEscapes() {}

  /**
   * Resolves the escapes of what stood between two quotes; every backslash has a character behind
   * it.
   *
   * @throws io.retort.bus.FailureException by {@link JsonCursor#invalid} for an escape that JSON
   *     does not know
   */
  static String resolve(String raw, JsonCursor json) {
    StringBuilder text = new StringBuilder(raw.length());
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c != '\\') {
        text.append(c);
        continue;
      }
      char escape = raw.charAt(++i);
      int simple = "\"\\/bfnrt".indexOf(escape);
      if (simple >= 0) {
        text.append("\"\\/\b\f\n\r\t".charAt(simple));
      } else if (escape == 'u' && raw.substring(i + 1).matches("(?s)[0-9a-fA-F]{4}.*")) {
        text.append((char) Integer.parseInt(raw.substring(i + 1, i + 5), 16));
        i += 4;
      } else {
        throw json.invalid("the escape \\" + escape + " is not JSON");
      }
    }
    return text.toString();
  }
}
