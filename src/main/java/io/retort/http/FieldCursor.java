package io.retort.http;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import java.nio.charset.StandardCharsets;

/**
 * Reads JSON field by field, without a String for a name that is known. What is of another kind
 * than it must be is an INVALID_REQUEST that names it; what is not JSON, an INVALID_JSON.
 *
 * <pre>{@code
 * for (boolean more = fields.open('{', "the body"); more; more = fields.more('}')) {
 *   switch (fields.name(NAMES)) { … }
 * }
 * }</pre>
 */
final class FieldCursor {
  private final JsonCursor json;
  private String unknown;

  FieldCursor(JsonCursor json) {
    this.json = json;
  }

  /** The words that {@link #name} and {@link #choice} look for; plain ASCII. */
  static byte[][] words(String... words) {
    byte[][] bytes = new byte[words.length][];
    for (int i = 0; i < words.length; i++) {
      bytes[i] = words[i].getBytes(StandardCharsets.US_ASCII);
    }
    return bytes;
  }

  /** Takes the opening bracket, of an object or a list, and says whether anything is in it. */
  boolean open(char bracket, String what) {
    boolean object = bracket == '{';
    if (!json.take(bracket)) {
      throw refused(what, object ? "an object" : "a list");
    }
    return !json.take(object ? '}' : ']');
  }

  /** Whether there is more before the closing bracket, which is taken if not. */
  boolean more(char bracket) {
    if (json.take(',')) {
      return true;
    }
    json.expect(bracket);
    return false;
  }

  /** Takes a name and its colon: which of these it is, or -1 and then {@link #unknown} has it. */
  int name(byte[][] known) {
    int name = json.takeAny(known);
    if (name < 0) {
      unknown = json.text();
    }
    json.expect(':');
    return name;
  }

  String unknown() {
    return unknown;
  }

  /** Takes a text: which of these it is, or -1 and then {@link #unknown} has it. */
  int choice(String what, byte[][] known) {
    int choice = json.takeAny(known);
    if (choice < 0) {
      unknown = text(what);
    }
    return choice;
  }

  String text(String what) {
    if (json.peek() != '"') {
      throw refused(what, "a text");
    }
    return json.text();
  }

  boolean flag(String what) {
    int next = json.peek();
    if (next != 't' && next != 'f') {
      throw refused(what, "true or false");
    }
    json.skipValue();
    return next == 't';
  }

  long whole(String what) {
    String kind = "a whole number of 18 digits at most";
    int next = json.peek();
    if (next != '-' && (next < '0' || next > '9')) {
      throw refused(what, kind);
    }
    long whole = json.whole();
    if (whole == JsonCursor.NOT_WHOLE) {
      throw Failure.INVALID_REQUEST.because(what + " must be " + kind);
    }
    return whole;
  }

  private FailureException refused(String what, String kind) {
    return switch (json.peek()) {
      case '"', '[', '{', 't', 'f', 'n', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' ->
          Failure.INVALID_REQUEST.because(what + " must be " + kind);
      default -> json.invalid(kind + " must come next");
    };
  }
}
