package io.retort.http;

import java.util.List;
import java.util.Locale;

/** The bodies of {@code POST /predict} that are not JSON, by their content type. */
enum BinaryForm {
  NUMBERS("application/octet-stream"),
  PNG("image/png"),
  JPEG("image/jpeg"),
  FILES("multipart/form-data");

  static final List<String> TYPES = List.of(NUMBERS.type, PNG.type, JPEG.type, FILES.type);

  private final String type;

  BinaryForm(String type) {
    this.type = type;
  }

  /** Null for any other type. */
  static BinaryForm of(String type) {
    if (type == null || type.startsWith("application/json")) {
      return null;
    }
    int end = type.indexOf(';');
    String essence = (end < 0 ? type : type.substring(0, end)).strip().toLowerCase(Locale.ROOT);
    for (BinaryForm form : values()) {
      if (form.type.equals(essence)) {
        return form;
      }
    }
    return null;
  }
}
