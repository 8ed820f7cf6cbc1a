package io.retort.inference;

import static io.retort.TrialNode.await;
import static io.retort.TrialNode.body;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialNode;
import io.retort.bus.Addresses;
import io.retort.bus.Nothing;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.device.DeviceLostException;
import io.retort.device.Execution;
import io.retort.device.ExecutionSettings;
import io.retort.device.Kernels;
import io.retort.device.Memory;
import io.retort.device.Precision;
import io.retort.device.Region;
import io.retort.device.TensorView;
import io.retort.model.ModelCard;
import io.retort.nn.Architecture;
import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What inference does when the device that it runs on no longer answers. */
class LostDeviceTest {
  private static final Architecture SMALL = Architecture.mlp(Shape.of(784), 16, 10);

  @TempDir Path home;

  /** The CPU, until it is lost. */
  private static final class Mortal implements Device {
    private final Device cpu = Device.open(DeviceKind.CPU, 1);
    private volatile boolean lost;

    @Override
    public String describe() {
      return "mortal";
    }

    @Override
    public int threads() {
      return 1;
    }

    @Override
    public Kernels kernels(Precision precision) {
      return cpu.kernels();
    }

    @Override
    public Memory allocate(long bytes) {
      requireAlive();
      return cpu.allocate(bytes);
    }

    @Override
    public TensorView view(Memory memory, long byteOffset, Shape shape, DType dtype) {
      return cpu.view(memory, byteOffset, shape, dtype);
    }

    @Override
    public Execution prepare(
        Memory memory, Region inputs, Region outputs, Runnable calls, ExecutionSettings settings) {
      return new MortalExecution(cpu.prepare(memory, inputs, outputs, calls, settings));
    }

    private void requireAlive() {
      if (lost) {
        throw new DeviceLostException("the GPU no longer answers: cudaErrorIllegalAddress");
      }
    }

    @Override
    public void close() {
      cpu.close();
    }

    private final class MortalExecution implements Execution {
      private final Execution its;

      MortalExecution(Execution its) {
        this.its = its;
      }

      @Override
      public int slots() {
        return its.slots();
      }

      @Override
      public int inputSlot() {
        return its.inputSlot();
      }

      @Override
      public int outputSlot() {
        return its.outputSlot();
      }

      @Override
      public ByteBuffer input(int slot, long offset, int count) {
        return its.input(slot, offset, count);
      }

      @Override
      public ByteBuffer output(int slot, long offset, int count) {
        return its.output(slot, offset, count);
      }

      @Override
      public void start() {
        requireAlive();
        its.start();
      }

      @Override
      public void finish() {
        requireAlive();
        its.finish();
      }

      @Override
      public void runInstead(Runnable synchronizedCalls) {
        requireAlive();
        its.runInstead(synchronizedCalls);
      }

      @Override
      public void close() {
        its.close();
      }
    }
  }

  private final Mortal mortal = new Mortal();

  private Device open(DeviceKind kind, int threads) {
    return kind == DeviceKind.CPU ? Device.open(kind, threads) : mortal;
  }

  private TrialNode start(String compute) throws InterruptedException {
    TrialNode node = TrialNode.start(home, Map.of(), "http");
    JsonObject config =
        new JsonObject()
            .put("modelsDirectory", home.resolve("models").toString())
            .put("compute", compute);
    await(
        node.vertx()
            .deployVerticle(
                new InferenceVerticle(this::open), new DeploymentOptions().setConfig(config)));
    node.awaitLive("student", "1");
    return node;
  }

  @ParameterizedTest
  @ValueSource(strings = {"eventLoop", "lane"})
  void predict_deviceLost_everyQuestionIsAnsweredByTheCpu(String compute) throws Exception {
    TrialNode.putLive(home, "student", SMALL, 1);
    TrialNode.putLive(home, "teacher", Architecture.mlp(Shape.of(784), 24, 10), 2);
    long before = Memory.allocatedBytes();
    try (TrialNode node = start(compute)) {
      node.awaitLive("teacher", "1");
      float[] expected = ask(node, "student").predictions();
      assertThat(new JsonObject(node.get("/health").body()).getString("status")).isEqualTo("ok");

      mortal.lost = true;
      List<Future<PredictReply>> replies = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        replies.add(
            node.bus().request(Addresses.PREDICT, request(i % 3 == 0 ? "teacher" : "student")));
      }
      for (int i = 0; i < 40; i++) {
        PredictReply reply = await(replies.get(i));
        if (i % 3 != 0) {
          assertThat(reply.predictions()).containsExactly(expected);
        }
      }

      JsonObject health = new JsonObject(node.get("/health").body());
      assertThat(health.getString("status")).isEqualTo("degraded");
      assertThat(health.getBoolean("model_loaded")).isTrue();
      JsonObject inference = health.getJsonObject("parts").getJsonObject("inference");
      assertThat(inference.getString("status")).isEqualTo("degraded");
      assertThat(inference.getString("reason"))
          .isEqualTo("the GPU no longer answers: cudaErrorIllegalAddress");
      assertThat(node.get("/health/ready").statusCode()).isEqualTo(200);
      assertThat(node.post("/predict", body(digit(1))).statusCode()).isEqualTo(200);
    }
    assertThat(Memory.allocatedBytes()).isEqualTo(before);
  }

  @Test
  void promoted_deviceLost_isLoadedOnTheCpu() throws Exception {
    TrialNode.putLive(home, "student", SMALL, 1);
    try (TrialNode node = start("lane")) {
      mortal.lost = true;
      ModelCard second = TrialNode.putLive(home, "student", SMALL, 2);
      node.announcePromoted(second);
      node.awaitLive("student", "2");

      assertThat(ask(node, "student").version()).isEqualTo("2");
      assertThat(await(node.bus().request(Addresses.MODELS_LIVE, Nothing.NOTHING)).degraded())
          .contains("cudaErrorIllegalAddress");
    }
  }

  private static PredictRequest request(String model) {
    return new PredictRequest(model, null, 1, digit(3), 0);
  }

  private static PredictReply ask(TrialNode node, String model) {
    return await(node.bus().request(Addresses.PREDICT, request(model)));
  }
}
