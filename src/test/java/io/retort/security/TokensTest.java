package io.retort.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.TrialNode;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.math.BigInteger;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokensTest {
  private static final String SECRET = "a shared secret of forty characters, yes";
  @TempDir static Path home;
  private static KeyPair rsa;
  private static KeyPair curve;
  private static KeyPair listed;
  private static TrialNode node;

  @BeforeAll
  static void start() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    rsa = generator.generateKeyPair();
    listed = generator.generateKeyPair();
    KeyPairGenerator curves = KeyPairGenerator.getInstance("EC");
    curves.initialize(new ECGenParameterSpec("secp256r1"));
    curve = curves.generateKeyPair();
    node =
        TrialNode.start(
            home,
            Map.of(
                "security.jwtSecret",
                SECRET,
                "security.jwtPublicKeyFile",
                pem("rsa.pem", rsa),
                "security.jwtKeySetFile",
                keySet((RSAPublicKey) listed.getPublic()),
                "security.jwtIssuer",
                "https://issuer.example",
                "security.jwtAudience",
                "retort,other"),
            "http");
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @Test
  void token_good_isItsRoles() throws Exception {
    assertThat(ask("/predict", hs256(claims()))).isEqualTo(405);
    assertThat(ask("/v1/jobs", hs256(claims()))).isEqualTo(403);
    assertThat(ask("/v1/jobs", hs256(claims().put("roles", new JsonArray().add("train")))))
        .isEqualTo(503);
    assertThat(ask("/v1/jobs", hs256(claims().put("roles", "predict train")))).isEqualTo(503);
    assertThat(ask("/v1/jobs", hs256(claims().put("roles", new JsonArray().add("god")))))
        .isEqualTo(403);
    assertThat(ask("/predict", hs256(claims().put("aud", new JsonArray().add("a").add("other")))))
        .isEqualTo(405);
  }

  @Test
  void token_ofAPublicKeyOrAKeySet_isTaken() throws Exception {
    assertThat(ask("/predict", signed("RS256", null, "SHA256withRSA", rsa.getPrivate(), claims())))
        .isEqualTo(405);
    assertThat(
            ask("/predict", signed("RS256", "k1", "SHA256withRSA", listed.getPrivate(), claims())))
        .isEqualTo(405);
    Map<String, Object> flags = Map.of("security.jwtPublicKeyFile", pem("ec.pem", curve));
    try (TrialNode other = TrialNode.start(home, flags, "http")) {
      String form = "SHA256withECDSAinP1363Format";
      String token = signed("ES256", null, form, curve.getPrivate(), claims());
      assertThat(ask(other, "/predict", token).statusCode()).isEqualTo(405);
    }
  }

  @Test
  void token_ofAnotherKey_isRefused() throws Exception {
    KeyPair foreign = KeyPairGenerator.getInstance("RSA").generateKeyPair();
    require401(signed("RS256", null, "SHA256withRSA", foreign.getPrivate(), claims()));
    require401(signed("RS256", "k1", "SHA256withRSA", foreign.getPrivate(), claims()));
    require401(hs256("another secret of forty characters, yes!", claims()));
    String good = hs256(claims());
    require401(good.substring(0, good.lastIndexOf('.') + 1) + "AAAA");
  }

  @Test
  void token_withoutSignature_isRefused() throws Exception {
    String header = base64("{\"alg\":\"none\"}");
    String body = base64(claims().put("roles", "admin").encode());
    for (String alg : new String[] {"none", "None", "NONE", "HS256", "RS256", ""}) {
      String named = base64(new JsonObject().put("alg", alg).encode());
      require401(named + "." + body + ".");
      require401(named + "." + body);
      require401(named + "." + body + ".AAAA");
    }
    require401(header + "." + body + "." + base64(""));
    require401("..");
    require401("a.b.c");
  }

  @Test
  void token_publicKeyAsSharedSecret_isRefused() throws Exception {
    require401(hs256(Files.readString(home.resolve("rsa.pem")), claims()));
  }

  @Test
  void token_timesAndNames_mustFit() throws Exception {
    long now = System.currentTimeMillis() / 1000;
    require401(hs256(claims().put("exp", now - 3600)));
    require401(hs256(claims().put("nbf", now + 3600)));
    require401(hs256(claims().put("iss", "https://evil.example")));
    require401(hs256(claims().put("aud", "somebody")));
    JsonObject endless = claims();
    endless.remove("exp");
    assertThat(error(hs256(endless))).contains("must have an end, exp");
    JsonObject anonymous = claims();
    anonymous.remove("iss");
    require401(hs256(anonymous));
  }

  @Test
  void token_remembered_isRefusedFromItsEndOn() throws Exception {
    Map<String, Object> flags =
        Map.of("security.jwtSecret", SECRET, "security.jwtLeewaySeconds", 0);
    try (TrialNode strict = TrialNode.start(home, flags, "http")) {
      String token = hs256(claims().put("exp", System.currentTimeMillis() / 1000 + 2));
      boolean taken = false;
      for (int i = 0; i < 300; i++) {
        int status = ask(strict, "/predict", token).statusCode();
        if (status == 401) {
          assertThat(taken).as("taken before its end").isTrue();
          return;
        }
        taken = true;
        Thread.sleep(50);
      }
      throw new AssertionError("still taken after its end");
    }
  }

  @Test
  void start_keyThatIsNone_isRefused() throws Exception {
    String wrong = Files.writeString(home.resolve("wrong.pem"), "-----BEGIN NOTHING").toString();
    assertThatThrownBy(
            () -> TrialNode.start(home, Map.of("security.jwtPublicKeyFile", wrong), "http"))
        .hasMessageContaining("must be a public key in PEM");
    assertThatThrownBy(() -> TrialNode.start(home, Map.of("security.jwtKeySetFile", wrong), "http"))
        .hasMessageContaining("must be a JSON Web Key Set");
    assertThatThrownBy(() -> TrialNode.start(home, Map.of("security.jwtSecret", "short"), "http"))
        .hasMessageContaining("32 characters or more: 5 came");
    assertThatThrownBy(
            () -> TrialNode.start(home, Map.of("security.jwtSecretFile", "no-such-file"), "http"))
        .hasMessageContaining("security.jwtSecretFile: there is no file no-such-file");
  }

  private static JsonObject claims() {
    long now = System.currentTimeMillis() / 1000;
    return new JsonObject()
        .put("sub", "somebody")
        .put("iss", "https://issuer.example")
        .put("aud", "retort")
        .put("iat", now)
        .put("exp", now + 600)
        .put("roles", new JsonArray().add("predict"));
  }

  private static String hs256(JsonObject claims) throws GeneralSecurityException {
    return hs256(SECRET, claims);
  }

  private static String hs256(String secret, JsonObject claims) throws GeneralSecurityException {
    String text = base64("{\"alg\":\"HS256\",\"typ\":\"JWT\"}") + "." + base64(claims.encode());
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    return text + "." + base64(mac.doFinal(text.getBytes(StandardCharsets.US_ASCII)));
  }

  private static String signed(
      String alg, String id, String algorithm, PrivateKey key, JsonObject claims)
      throws GeneralSecurityException {
    JsonObject header = new JsonObject().put("alg", alg);
    if (id != null) {
      header.put("kid", id);
    }
    String text = base64(header.encode()) + "." + base64(claims.encode());
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(key);
    signature.update(text.getBytes(StandardCharsets.US_ASCII));
    return text + "." + base64(signature.sign());
  }

  private static String pem(String name, KeyPair pair) throws Exception {
    String lines = Base64.getMimeEncoder().encodeToString(pair.getPublic().getEncoded());
    String text = "-----BEGIN PUBLIC KEY-----\n" + lines + "\n-----END PUBLIC KEY-----\n";
    return Files.writeString(home.resolve(name), text).toString();
  }

  private static String keySet(RSAPublicKey key) throws Exception {
    JsonObject jwk =
        new JsonObject()
            .put("kty", "RSA")
            .put("kid", "k1")
            .put("alg", "RS256")
            .put("use", "sig")
            .put("n", base64(unsigned(key.getModulus())))
            .put("e", base64(unsigned(key.getPublicExponent())));
    String text = new JsonObject().put("keys", new JsonArray().add(jwk)).encode();
    return Files.writeString(home.resolve("jwks.json"), text).toString();
  }

  private static byte[] unsigned(BigInteger number) {
    byte[] bytes = number.toByteArray();
    return bytes[0] == 0 ? java.util.Arrays.copyOfRange(bytes, 1, bytes.length) : bytes;
  }

  private static String base64(String text) {
    return base64(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static void require401(String token) throws Exception {
    assertThat(ask("/predict", token)).as(token).isEqualTo(401);
  }

  private static String error(String token) throws Exception {
    return new JsonObject(ask(node, "/predict", token).body()).getString("error");
  }

  private static int ask(String path, String token) throws Exception {
    return ask(node, path, token).statusCode();
  }

  private static HttpResponse<String> ask(TrialNode node, String path, String token)
      throws Exception {
    return node.send(
        HttpRequest.newBuilder(node.uri(path)).header("authorization", "Bearer " + token));
  }
}
