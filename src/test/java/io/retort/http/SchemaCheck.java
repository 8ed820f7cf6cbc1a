package io.retort.http;

import static io.retort.http.Contract.list;
import static io.retort.http.Contract.map;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * Holds values against the schemas of the contract. A keyword that it does not know is an error,
 * and so is a field that a schema does not name, unless it speaks of additional ones.
 */
final class SchemaCheck {
  private static final Set<String> WORDS = Set.of("description", "example", "title", "default");
  private final Contract contract;

  SchemaCheck(Contract contract) {
    this.contract = contract;
  }

  /** What does not fit, each with its place; empty if all does. */
  List<String> faults(Object schema, Object value) {
    List<String> faults = new ArrayList<>();
    check(contract.resolve(schema), value, "$", faults);
    if (value instanceof Map) {
      unnamed(contract.resolve(schema), map(value), "$", faults);
    }
    return faults;
  }

  private void check(Map<String, Object> schema, Object value, String place, List<String> faults) {
    schema.forEach(
        (keyword, rule) -> {
          if (!holds(schema, keyword, rule, value, place, faults)) {
            faults.add("%s: %s is not %s %s".formatted(place, shortened(value), keyword, rule));
          }
        });
  }

  private boolean holds(
      Map<String, Object> schema,
      String keyword,
      Object rule,
      Object value,
      String place,
      List<String> faults) {
    switch (keyword) {
      case "type":
        return (rule instanceof List ? list(rule) : List.of(rule))
            .stream().anyMatch(type -> isA((String) type, value));
      case "const":
        return same(rule, value);
      case "enum":
        return list(rule).stream().anyMatch(each -> same(each, value));
      case "minimum":
        return !(value instanceof Number) || decimal(value).compareTo(decimal(rule)) >= 0;
      case "maximum":
        return !(value instanceof Number) || decimal(value).compareTo(decimal(rule)) <= 0;
      case "minItems":
        return !(value instanceof List) || list(value).size() >= (Integer) rule;
      case "maxItems":
        return !(value instanceof List) || list(value).size() <= (Integer) rule;
      case "pattern":
        return !(value instanceof String text) || text.matches(".*" + rule + ".*");
      case "format":
        return !(value instanceof String text) || formatted((String) rule, text);
      case "required":
        return !(value instanceof Map) || map(value).keySet().containsAll(list(rule));
      case "items":
        each(rule, value, place, faults);
        return true;
      case "properties":
        fields(map(rule), value, place, faults);
        return true;
      case "additionalProperties":
        return rule instanceof Boolean || others(schema, rule, value, place, faults);
      case "allOf":
        list(rule).forEach(part -> check(contract.resolve(part), value, place, faults));
        return true;
      case "oneOf":
        return list(rule).stream().filter(part -> faults(part, value).isEmpty()).count() == 1;
      default:
        if (!WORDS.contains(keyword)) {
          throw new AssertionError(place + ": this check does not know the keyword " + keyword);
        }
        return true;
    }
  }

  private void each(Object rule, Object value, String place, List<String> faults) {
    if (value instanceof List) {
      List<Object> items = list(value);
      for (int i = 0; i < items.size(); i++) {
        inside(rule, items.get(i), place + "[" + i + "]", faults);
      }
    }
  }

  private void fields(Map<String, Object> rules, Object value, String place, List<String> faults) {
    if (value instanceof Map) {
      rules.forEach(
          (name, rule) -> {
            if (map(value).containsKey(name)) {
              inside(rule, map(value).get(name), place + "." + name, faults);
            }
          });
    }
  }

  private boolean others(
      Map<String, Object> schema, Object rule, Object value, String place, List<String> faults) {
    if (value instanceof Map) {
      Set<String> named = map(schema.getOrDefault("properties", Map.of())).keySet();
      map(value)
          .forEach(
              (name, field) -> {
                if (!named.contains(name)) {
                  inside(rule, field, place + "." + name, faults);
                }
              });
    }
    return true;
  }

  private void inside(Object rule, Object value, String place, List<String> faults) {
    Map<String, Object> schema = contract.resolve(rule);
    check(schema, value, place, faults);
    if (value instanceof Map) {
      unnamed(schema, map(value), place, faults);
    }
  }

  private void unnamed(
      Map<String, Object> schema, Map<String, Object> value, String place, List<String> faults) {
    Set<String> named = new TreeSet<>();
    if (!named(schema, named)) {
      value.keySet().stream()
          .filter(field -> !named.contains(field))
          .forEach(field -> faults.add(place + ": the field " + field + " has no schema"));
    }
  }

  /** Collects the fields that a schema names; true if it speaks of others, too. */
  private boolean named(Map<String, Object> schema, Set<String> into) {
    boolean open =
        schema.containsKey("additionalProperties")
            && !Boolean.FALSE.equals(schema.get("additionalProperties"));
    into.addAll(map(schema.getOrDefault("properties", Map.of())).keySet());
    for (String combined : List.of("allOf", "oneOf")) {
      for (Object part : list(schema.getOrDefault(combined, List.of()))) {
        open |= named(contract.resolve(part), into);
      }
    }
    return open;
  }

  private static boolean isA(String type, Object value) {
    return switch (type) {
      case "object" -> value instanceof Map;
      case "array" -> value instanceof List;
      case "string" -> value instanceof String;
      case "boolean" -> value instanceof Boolean;
      case "null" -> value == null;
      case "number" -> value instanceof Number;
      case "integer" -> value instanceof Number && decimal(value).stripTrailingZeros().scale() <= 0;
      default -> throw new AssertionError("there is no type " + type);
    };
  }

  private static boolean formatted(String format, String text) {
    if (!format.equals("date-time")) {
      throw new AssertionError("this check does not know the format " + format);
    }
    return Instant.parse(text) != null;
  }

  private static boolean same(Object rule, Object value) {
    return rule instanceof Number && value instanceof Number
        ? decimal(rule).compareTo(decimal(value)) == 0
        : Objects.equals(rule, value);
  }

  private static BigDecimal decimal(Object number) {
    return new BigDecimal(number.toString());
  }

  private static String shortened(Object value) {
    String text = String.valueOf(value);
    return text.length() < 100 ? text : text.substring(0, 100) + "…";
  }
}
