package io.retort.distill;

import io.retort.json.Fields;
import io.retort.json.JsonException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A number that may change while a phase trains: a term's weight, a temperature, a learning rate. A
 * function of time alone, so a resumed job needs no state for it.
 */
public sealed interface Schedule {
  /**
   * The value at a time.
   *
   * @param epoch epochs since the start, with fraction, from 0
   * @param epochs the length of the whole, in epochs
   */
  double at(double epoch, double epochs);

  /** The recipe's JSON: a number, or an object of one field named by the kind. */
  Object toJson();

  static Schedule constant(double value) {
    return new Constant(value);
  }

  static Schedule linear(double from, double to) {
    return new Linear(from, to);
  }

  /**
   * Half a cosine from {@code from} to {@code to}, begun anew {@code cycles} times (Loshchilov,
   * Hutter 2017).
   */
  static Schedule cosine(double from, double to, int cycles) {
    return new Cosine(from, to, cycles);
  }

  /** {@code from}, multiplied by {@code factor} after every {@code every}. */
  static Schedule step(double from, double factor, Span every) {
    return new Step(from, factor, every);
  }

  static Schedule piecewise(Piece... pieces) {
    return new Piecewise(List.of(pieces));
  }

  record Constant(double value) implements Schedule {
    @Override
    public double at(double epoch, double epochs) {
      return value;
    }

    @Override
    public Object toJson() {
      return value;
    }
  }

  record Linear(double from, double to) implements Schedule {
    @Override
    public double at(double epoch, double epochs) {
      return from + (to - from) * part(epoch, epochs);
    }

    @Override
    public Object toJson() {
      return Map.of("linear", Settings.of("from", from, "to", to));
    }
  }

  record Cosine(double from, double to, int cycles) implements Schedule {
    public Cosine {
      if (cycles < 1) {
        throw new IllegalArgumentException(
            "[schedule] cosine.cycles must be at least 1: " + cycles);
      }
    }

    @Override
    public double at(double epoch, double epochs) {
      double position = part(epoch, epochs) * cycles;
      double inCycle = position >= cycles ? 1 : position - Math.floor(position);
      return to + (from - to) * (1 + Math.cos(Math.PI * inCycle)) / 2;
    }

    @Override
    public Object toJson() {
      return Map.of("cosine", Settings.of("from", from, "to", to, "cycles", cycles));
    }
  }

  record Step(double from, double factor, Span every) implements Schedule {
    public Step {
      if (every.length() <= 0) {
        throw new IllegalArgumentException(
            "[schedule] step.every must be longer than 0: " + every.length());
      }
    }

    @Override
    public double at(double epoch, double epochs) {
      return from * Math.pow(factor, Math.floor(epoch / every.of(epochs) + 1e-9));
    }

    @Override
    public Object toJson() {
      return Map.of("step", Settings.of("from", from, "factor", factor, "every", every.toMap()));
    }
  }

  /**
   * Schedules one after another; a piece's own schedule runs over that piece. The last one takes
   * what is left.
   */
  record Piecewise(List<Piece> pieces) implements Schedule {
    public Piecewise {
      pieces = List.copyOf(pieces);
      if (pieces.isEmpty()) {
        throw new IllegalArgumentException(
            "[schedule] piecewise must have at least one piece: none");
      }
    }

    @Override
    public double at(double epoch, double epochs) {
      double start = 0;
      for (Piece piece : pieces.subList(0, pieces.size() - 1)) {
        double length = piece.span().of(epochs);
        if (epoch < start + length) {
          return piece.value().at(epoch - start, length);
        }
        start += length;
      }
      return pieces.get(pieces.size() - 1).value().at(epoch - start, epochs - start);
    }

    @Override
    public Object toJson() {
      List<Object> list = new ArrayList<>();
      for (int i = 0; i < pieces.size(); i++) {
        Map<String, Object> piece = new LinkedHashMap<>();
        if (i < pieces.size() - 1) {
          piece.put("for", pieces.get(i).span().toMap());
        }
        piece.put("value", pieces.get(i).value().toJson());
        list.add(piece);
      }
      return Map.of("piecewise", list);
    }
  }

  /** A part of a piecewise schedule. */
  record Piece(Span span, Schedule value) {}

  private static double part(double epoch, double epochs) {
    return epochs <= 0 ? 1 : Math.min(1, Math.max(0, epoch / epochs));
  }

  /** The schedule under {@code key}: a number or an object. */
  static Schedule parse(Fields owner, String key, Schedule otherwise) {
    if (!owner.has(key)) {
      return otherwise;
    }
    if (owner.raw(key) instanceof Number) {
      return new Constant(owner.number(key));
    }
    if (!(owner.raw(key) instanceof Map)) {
      throw owner.wrong(key, "a number or a schedule (linear, cosine, step, piecewise)");
    }
    try {
      if (owner.object(key).has("piecewise")) {
        Fields fields = owner.object(key);
        Schedule schedule = pieces(fields);
        fields.end();
        return schedule;
      }
      return OneOf.parse(
          owner.object(key),
          Map.<String, Function<Fields, Schedule>>of(
              "linear", f -> new Linear(f.number("from"), f.number("to")),
              "cosine",
                  f -> new Cosine(f.number("from"), f.number("to", 0), f.integer("cycles", 1)),
              "step", f -> new Step(f.number("from"), f.number("factor"), Span.parse(f, "every")),
              "piecewise", f -> null));
    } catch (JsonException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new JsonException(owner.path() + "." + key + ": " + e.getMessage());
    }
  }

  private static Schedule pieces(Fields fields) {
    List<Piece> pieces = new ArrayList<>();
    for (Fields piece : fields.objects("piecewise")) {
      Span span = Span.parse(piece, "for");
      Schedule value = parse(piece, "value", null);
      if (value == null) {
        throw piece.wrong("value", "a number or a schedule");
      }
      piece.end();
      pieces.add(new Piece(span, value));
    }
    return new Piecewise(pieces);
  }
}
