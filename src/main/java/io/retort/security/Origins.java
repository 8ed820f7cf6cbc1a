package io.retort.security;

import io.vertx.core.net.HostAndPort;
import java.util.List;
import java.util.Set;

/**
 * From which web pages a browser may ask: those of the same host, and those that are listed. What
 * is no browser sends no origin and is not concerned.
 */
public final class Origins {
  private final Set<String> allowed;
  private final boolean all;

  /**
   * Of a list.
   *
   * @throws IllegalArgumentException for what is neither {@code *} nor a scheme and a host
   */
  public Origins(List<String> listed) {
    for (String origin : listed) {
      if (!origin.equals("*") && !origin.matches("https?://[^/?#]+")) {
        throw new IllegalArgumentException(
            "[security] security.corsOrigins must hold origins as https://app.example.com, or *: "
                + origin);
      }
    }
    allowed = Set.copyOf(listed);
    all = allowed.contains("*");
  }

  /** Whether any page of another host may read an answer. */
  public boolean any() {
    return !allowed.isEmpty();
  }

  /** Whether a page of this origin is listed. */
  public boolean lists(String origin) {
    return all || allowed.contains(origin);
  }

  /**
   * Whether the page is of another host than the one it asks, and not listed.
   *
   * @param origin the header, or null
   * @param host what it asks, or null where that is not known
   */
  public boolean foreign(String origin, HostAndPort host) {
    return origin != null && !lists(origin) && !sameHost(origin, host);
  }

  private static boolean sameHost(String origin, HostAndPort host) {
    int scheme = origin.indexOf("://");
    if (scheme < 0 || host == null) {
      return false;
    }
    String standard = origin.startsWith("https") ? ":443" : ":80";
    String asked = host.port() < 0 ? host.host() : host.host() + ":" + host.port();
    return without(standard, origin.substring(scheme + 3))
        .equalsIgnoreCase(without(standard, asked));
  }

  private static String without(String port, String authority) {
    return authority.endsWith(port)
        ? authority.substring(0, authority.length() - port.length())
        : authority;
  }
}
