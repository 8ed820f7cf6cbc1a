import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Enumeration;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * {@code java Package.java retort.jar retort}: the build's last step. Stores the jar's classes
 * uncompressed, lays the launcher beside the jar and has it write its class-data archive.
 */
class Package {
  private static final int PATIENCE_SECONDS = 60;

  private Package() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    Path jar = Path.of(arguments[0]).toAbsolutePath();
    storeClasses(jar);
    Path launcher = jar.resolveSibling("retort");
    Files.copy(Path.of(arguments[1]), launcher, StandardCopyOption.REPLACE_EXISTING);
    launcher.toFile().setExecutable(true, false);
    File log = jar.resolveSibling("archive.log").toFile();
    if (!archive(launcher, log)) {
      System.err.println("[WARNING] there is no class-data archive, see " + log);
      System.err.println("[WARNING] " + launcher + " works without it; 'retort archive' makes one");
    }
  }

  /** What a start reads needs no inflating then: it takes a tenth less processor time. */
  private static void storeClasses(Path jar) throws IOException {
    Path stored = jar.resolveSibling("retort-stored.jar");
    try (ZipFile from = new ZipFile(jar.toFile());
        OutputStream file = Files.newOutputStream(stored);
        ZipOutputStream to = new ZipOutputStream(file)) {
      for (Enumeration<? extends ZipEntry> each = from.entries(); each.hasMoreElements(); ) {
        copy(from, each.nextElement(), to);
      }
    }
    Files.move(stored, jar, StandardCopyOption.REPLACE_EXISTING);
  }

  private static void copy(ZipFile from, ZipEntry entry, ZipOutputStream to) throws IOException {
    ZipEntry copy = new ZipEntry(entry.getName());
    copy.setLastModifiedTime(entry.getLastModifiedTime());
    byte[] bytes;
    try (InputStream in = from.getInputStream(entry)) {
      bytes = in.readAllBytes();
    }
    if (entry.getName().endsWith(".class")) {
      CRC32 sum = new CRC32();
      sum.update(bytes);
      copy.setMethod(ZipEntry.STORED);
      copy.setSize(bytes.length);
      copy.setCrc(sum.getValue());
    }
    to.putNextEntry(copy);
    to.write(bytes);
    to.closeEntry();
  }

  private static boolean archive(Path launcher, File log) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(launcher.toString(), "archive")
              .redirectErrorStream(true)
              .redirectOutput(log)
              .start();
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return false;
      }
      return process.exitValue() == 0;
    } catch (IOException noShell) {
      return false;
    }
  }
}
