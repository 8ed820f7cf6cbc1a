package io.retort.json;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * One JSON object, read field by field. A field of the wrong type, a missing one without a default,
 * and (by {@link #end()}) one that nobody knows are refused by a {@link JsonException} that names
 * the field by its path.
 */
public final class Fields {
  private final String path;
  private final Map<String, Object> values;
  private final Set<String> known = new HashSet<>();

  private Fields(String path, Map<String, Object> values) {
    this.path = path;
    this.values = values;
  }

  /** Fields of a map; {@code what} opens every message: {@code recipe mnist}. */
  public static Fields of(String what, Map<String, Object> values) {
    return new Fields(what, values);
  }

  public static Fields parse(String what, String text) {
    Object value;
    try {
      value = Json.parse(text);
    } catch (JsonException e) {
      throw new JsonException(what + " " + e.getMessage());
    }
    if (!(value instanceof Map)) {
      throw new JsonException(what + " must be a JSON object: " + show(value));
    }
    return new Fields(what, Json.object(value));
  }

  /** Fields of a file. */
  public static Fields read(String what, Path file) {
    try {
      return parse(what, Files.readString(file));
    } catch (NoSuchFileException e) {
      throw new JsonException(what + ": there is no file " + file);
    } catch (IOException e) {
      throw new JsonException(
          what + ": " + file + " cannot be read as UTF-8 text: " + e.getMessage());
    }
  }

  /** Fields of a resource of the class path, {@code resource} absolute without a leading slash. */
  public static Fields resource(String what, String resource) {
    try (InputStream in = Fields.class.getClassLoader().getResourceAsStream(resource)) {
      if (in == null) {
        throw new JsonException(what + ": there is no resource " + resource);
      }
      return parse(what, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new JsonException(what + ": " + resource + " cannot be read: " + e.getMessage());
    }
  }

  public String path() {
    return path;
  }

  public Map<String, Object> values() {
    return values;
  }

  public boolean has(String key) {
    known.add(key);
    return values.get(key) != null;
  }

  public Object raw(String key) {
    known.add(key);
    return values.get(key);
  }

  public int integer(String key) {
    long value = whole(key);
    if (value != (int) value) {
      throw wrong(key, "a whole number of 32 bits");
    }
    return (int) value;
  }

  public int integer(String key, int otherwise) {
    return has(key) ? integer(key) : otherwise;
  }

  /** A number without a fraction; 1e3 and 1000.0 count as 1000. */
  public long whole(String key) {
    if (required(key, "a whole number") instanceof Number number) {
      double value = number.doubleValue();
      if (value == Math.rint(value) && Math.abs(value) < 0x1p63) {
        return number.longValue();
      }
    }
    throw wrong(key, "a whole number");
  }

  public long whole(String key, long otherwise) {
    return has(key) ? whole(key) : otherwise;
  }

  /** A finite number. */
  public double number(String key) {
    if (required(key, "a number") instanceof Number number
        && Double.isFinite(number.doubleValue())) {
      return number.doubleValue();
    }
    throw wrong(key, "a number");
  }

  public double number(String key, double otherwise) {
    return has(key) ? number(key) : otherwise;
  }

  public boolean flag(String key) {
    if (required(key, "true or false") instanceof Boolean flag) {
      return flag;
    }
    throw wrong(key, "true or false");
  }

  public boolean flag(String key, boolean otherwise) {
    return has(key) ? flag(key) : otherwise;
  }

  public String text(String key) {
    if (required(key, "a text") instanceof String text) {
      return text;
    }
    throw wrong(key, "a text");
  }

  public String text(String key, String otherwise) {
    return has(key) ? text(key) : otherwise;
  }

  /**
   * One of an enum's constants, written as the constant or in camel case, whatever the case: {@code
   * eventLoop}.
   */
  public <E extends Enum<E>> E choice(String key, Class<E> type, E otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    E[] all = type.getEnumConstants();
    for (E each : all) {
      if (each.name().replace("_", "").equalsIgnoreCase(text(key).replace("_", ""))) {
        return each;
      }
    }
    throw wrong(
        key,
        Arrays.stream(all).map(Fields::camelCase).collect(Collectors.joining(", ", "one of ", "")));
  }

  /** The object under {@code key}; an empty one where there is none. */
  public Fields object(String key) {
    return has(key)
        ? object(path + "." + key, key, raw(key))
        : new Fields(path + "." + key, Map.of());
  }

  /** The objects of the list under {@code key}; an empty list where there is none. */
  public List<Fields> objects(String key) {
    List<Object> values = list(key);
    List<Fields> objects = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      objects.add(object(path + "." + key + "[" + i + "]", key, values.get(i)));
    }
    return objects;
  }

  /** The list under {@code key}; an empty one where there is none. */
  public List<Object> list(String key) {
    if (!has(key)) {
      return List.of();
    }
    if (raw(key) instanceof List<?> list) {
      return Collections.unmodifiableList(list);
    }
    throw wrong(key, "a list");
  }

  /** Refuses the fields that no method of this object was asked for. */
  public void end() {
    for (String key : values.keySet()) {
      if (!known.contains(key)) {
        throw new JsonException(path + "." + key + " is not known" + Nearest.hint(key, known));
      }
    }
  }

  /** The error for a field that is not what it must be. */
  public JsonException wrong(String key, String expected) {
    return new JsonException(
        path + "." + key + " must be " + expected + ": " + show(values.get(key)));
  }

  private Fields object(String at, String key, Object value) {
    if (value instanceof Map) {
      return new Fields(at, Json.object(value));
    }
    throw new JsonException(at + " must be an object: " + show(value));
  }

  private Object required(String key, String expected) {
    if (!has(key)) {
      throw new JsonException(path + "." + key + " must be " + expected + ": it is missing");
    }
    return raw(key);
  }

  private static String camelCase(Enum<?> value) {
    StringBuilder name = new StringBuilder();
    for (String word : value.name().toLowerCase(Locale.ROOT).split("_")) {
      name.append(
          name.isEmpty() ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1));
    }
    return name.toString();
  }

  private static String show(Object value) {
    String text = Json.write(value);
    return text.length() <= 60 ? text : text.substring(0, 57) + "...";
  }
}
