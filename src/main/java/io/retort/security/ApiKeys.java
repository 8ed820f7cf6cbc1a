package io.retort.security;

import io.retort.config.Secret;
import io.retort.config.SecurityConfig;
import io.retort.json.Fields;
import io.retort.json.JsonException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** The keys that are known, by their hash and by their name. */
final class ApiKeys {
  private static final String FILE = "apiKeysFile";
  private static final int LEAST_LENGTH = 32;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final Pattern HASH = Pattern.compile("[0-9a-fA-F]{64}");

  /**
   * One key.
   *
   * @param signed whether it must sign its requests and is never sent itself
   */
  record Entry(Caller caller, Fingerprint hash, boolean signed) {}

  private final Map<Fingerprint, Entry> byHash = new HashMap<>();
  private final Map<String, Entry> byName = new HashMap<>();

  private ApiKeys() {}

  /**
   * Reads the environment's key and the file's.
   *
   * @throws IllegalArgumentException for a key that is too short and a file that is not as it must
   *     be; no message shows what the file holds
   */
  static ApiKeys of(SecurityConfig config) {
    ApiKeys keys = new ApiKeys();
    if (config.apiKey() != null) {
      keys.add(
          new Caller(
              "environment", EnumSet.of(Role.ADMIN), config.ratePerSecond(), config.rateBurst()),
          hash(config.apiKey()),
          false);
    }
    if (config.apiKeysFile() != null) {
      keys.read(config, config.apiKeysFile());
    }
    return keys;
  }

  private static Fingerprint hash(Secret key) {
    int length = key.reveal().length();
    if (length < LEAST_LENGTH) {
      throw new IllegalArgumentException(
          "[security] RETORT_API_KEY must have "
              + LEAST_LENGTH
              + " characters or more: "
              + length
              + " came; openssl rand -hex 32 makes one");
    }
    return Fingerprint.of(key.reveal());
  }

  private void read(SecurityConfig config, Path file) {
    String text = SecretFile.read("security." + FILE, file);
    try {
      Fields fields = Fields.parse(FILE, text);
      for (Fields each : fields.objects("keys")) {
        add(each, config);
      }
      fields.end();
    } catch (JsonException showing) {
      throw new IllegalArgumentException("[security] " + withoutValue(showing) + " in " + file);
    }
    if (byName.isEmpty()) {
      throw new IllegalArgumentException("[security] " + FILE + " must hold a key: " + file);
    }
  }

  /** What must hold, without what came: that may be a key which is in the wrong place. */
  private static String withoutValue(JsonException showing) {
    String sentence = showing.getMessage();
    int value = sentence.indexOf(": ");
    return value < 0 ? sentence : sentence.substring(0, value);
  }

  private void add(Fields fields, SecurityConfig config) {
    String name = fields.text("name");
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "[security] " + fields.path() + ".name must be of A-Z, a-z, 0-9 and . _ -, 64 at most");
    }
    String hash = fields.text("sha256");
    if (!HASH.matcher(hash).matches()) {
      throw new IllegalArgumentException(
          "[security] "
              + fields.path()
              + ".sha256 must be the 64 hexadecimal digits of the key's SHA-256: "
              + hash.length()
              + " characters came");
    }
    int rate = rate(fields, "ratePerSecond", config.ratePerSecond());
    int burst = rate(fields, "rateBurst", config.rateBurst());
    Caller caller = new Caller(name, roles(fields), rate, burst);
    boolean signed = fields.flag("signed", false);
    fields.end();
    add(caller, Fingerprint.of(HexFormat.of().parseHex(hash)), signed);
  }

  private static int rate(Fields fields, String key, int otherwise) {
    int rate = fields.integer(key, otherwise);
    if (rate < 0) {
      throw fields.wrong(key, "0 or more");
    }
    return rate;
  }

  private static Set<Role> roles(Fields fields) {
    Set<Role> roles = EnumSet.noneOf(Role.class);
    for (Object word : fields.list("roles")) {
      Role role = word instanceof String text ? Role.of(text) : null;
      if (role == null) {
        throw fields.wrong("roles", "a list of predict, train, admin");
      }
      roles.add(role);
    }
    return roles;
  }

  private void add(Caller caller, Fingerprint hash, boolean signed) {
    Entry entry = new Entry(caller, hash, signed);
    if (byName.putIfAbsent(caller.name(), entry) != null
        || byHash.putIfAbsent(hash, entry) != null) {
      throw new IllegalArgumentException(
          "[security] a key's name and its sha256 must be given once: " + caller.name());
    }
  }

  /** The key of a hash, or null. */
  Entry find(Fingerprint hash) {
    return byHash.get(hash);
  }

  /** The key of a name, or null. */
  Entry named(String name) {
    return byName.get(name);
  }

  boolean anySigned() {
    return byName.values().stream().anyMatch(Entry::signed);
  }

  boolean anyLimited() {
    return byName.values().stream().anyMatch(entry -> entry.caller.ratePerSecond() > 0);
  }

  int count() {
    return byName.size();
  }
}
