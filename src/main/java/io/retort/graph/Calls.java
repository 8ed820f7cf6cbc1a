package io.retort.graph;

import io.retort.device.Kernels;
import io.retort.device.Native.Activation;
import io.retort.device.Native.BinaryOp;
import io.retort.device.Native.ReduceOp;
import io.retort.device.Native.UnaryOp;
import io.retort.device.TensorView;
import io.retort.device.Window;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Turns a node into calls of {@link Kernels}: op by op, with every argument looked up beforehand.
 * It is longer than the house size because it is one table, a short method an op.
 */
final class Calls implements AutoCloseable {
  private final Kernels k;
  private final Function<Value, TensorView> view;
  private final Map<Window2d, Window> windows = new HashMap<>();

  Calls(Kernels kernels, Function<Value, TensorView> view) {
    this.k = kernels;
    this.view = view;
  }

  /** No calls for a source or a view. */
  List<Call> of(Node node) {
    return switch (node.op()) {
      case INPUT, PARAMETER, STATE, CONSTANT, RESHAPE, STOP_GRADIENT -> List.of();
      case SLICE, COPY -> List.of(slice(node));
      case PAD -> pad(node);
      case CONCAT -> concat(node);
      case SOFTMAX,
          SOFTMAX_BACKWARD,
          LOG_SOFTMAX,
          LOG_SOFTMAX_BACKWARD,
          SOFTMAX_KL,
          CROSS_ENTROPY,
          MSE ->
          List.of(loss(node));
      case BATCH_NORM, BATCH_NORM_INFERENCE, BATCH_NORM_BACKWARD -> List.of(batchNorm(node));
      case LAYER_NORM, LAYER_NORM_BACKWARD -> List.of(layerNorm(node));
      case ATTENTION -> List.of(attention(node, node.attributes(Attributes.Attention.class)));
      case ATTENTION_BACKWARD ->
          List.of(attentionBackward(node, node.attributes(Attributes.Attention.class)));
      case SGD -> List.of(sgd(node, node.attributes(SgdSettings.class)));
      case ADAM -> List.of(adam(node, node.attributes(AdamSettings.class)));
      default -> List.of(layer(node));
    };
  }

  private Call layer(Node node) {
    TensorView a = in(node, 0);
    TensorView b = in(node, 1);
    TensorView y = out(node, 0);
    return switch (node.op()) {
      case MATMUL -> matmul(node, node.attributes(Attributes.Product.class));
      case CONV2D -> conv2d(node, node.attributes(Attributes.Convolution.class));
      case CONV2D_MAX_POOL2D ->
          pooledConv2d(node, node.attributes(Attributes.PooledConvolution.class));
      case CONV2D_BACKWARD_INPUT, CONV2D_BACKWARD_WEIGHT ->
          conv2dBackward(node, node.attributes(Attributes.ConvolutionBackward.class));
      case BIAS -> () -> k.bias_forward(a, b, y);
      case BIAS_BACKWARD -> () -> k.bias_backward(a, y);
      case MAX_POOL2D, AVG_POOL2D, MAX_POOL2D_BACKWARD, AVG_POOL2D_BACKWARD -> pool(node);
      case UNARY -> unary(node);
      case UNARY_BACKWARD -> unaryBackward(node);
      case BINARY -> {
        BinaryOp op = node.attributes(Attributes.Binary.class).op();
        yield () -> k.binary(a, b, y, op);
      }
      case REDUCE -> {
        ReduceOp op = node.attributes(Attributes.Reduce.class).op();
        yield () -> k.reduce(a, y, op);
      }
      case PERMUTE -> permute(node, node.attributes(Attributes.Permutation.class).order());
      case EMBEDDING -> () -> k.embedding_forward(a, b, y);
      case EMBEDDING_BACKWARD -> () -> k.embedding_backward(a, b, y);
      case DROPOUT -> dropout(node, node.attributes(Attributes.Dropout.class));
      default -> throw new IllegalStateException("[plan] an op must have a kernel: " + node);
    };
  }

  private Call matmul(Node node, Attributes.Product product) {
    TensorView a = in(node, 0);
    TensorView b = in(node, 1);
    TensorView bias = in(node, 2);
    TensorView y = out(node, 0);
    boolean transposeA = product.transposeA();
    boolean transposeB = product.transposeB();
    Activation activation = product.activation();
    return () -> k.matmul(a, b, bias, y, transposeA, transposeB, activation);
  }

  private Call conv2d(Node node, Attributes.Convolution convolution) {
    TensorView x = in(node, 0);
    TensorView w = in(node, 1);
    TensorView bias = in(node, 2);
    TensorView y = out(node, 0);
    Window window = window(convolution.window());
    int groups = convolution.groups();
    Activation activation = convolution.activation();
    return () -> k.conv2d_forward(x, w, bias, y, window, groups, activation);
  }

  private Call pooledConv2d(Node node, Attributes.PooledConvolution convolution) {
    TensorView x = in(node, 0);
    TensorView w = in(node, 1);
    TensorView bias = in(node, 2);
    TensorView y = out(node, 0);
    TensorView index = convolution.indexed() ? out(node, 1) : null;
    Window window = window(convolution.window());
    int groups = convolution.groups();
    Activation activation = convolution.activation();
    Window pool = window(convolution.pool());
    return () ->
        k.conv2d_max_pool2d_forward(x, w, bias, y, index, window, groups, activation, pool);
  }

  private Call conv2dBackward(Node node, Attributes.ConvolutionBackward convolution) {
    TensorView a = in(node, 0);
    TensorView b = in(node, 1);
    TensorView y = out(node, 0);
    Window window = window(convolution.window());
    int groups = convolution.groups();
    return node.op() == Op.CONV2D_BACKWARD_INPUT
        ? () -> k.conv2d_backward_input(a, b, y, window, groups)
        : () -> k.conv2d_backward_weight(a, b, y, window, groups);
  }

  private Call pool(Node node) {
    TensorView a = in(node, 0);
    TensorView b = in(node, 1);
    TensorView y = out(node, 0);
    TensorView index = out(node, 1);
    Window window =
        window(
            node.attributes() instanceof Attributes.Pool pool
                ? pool.window()
                : node.attributes(Attributes.PoolBackward.class).window());
    return switch (node.op()) {
      case MAX_POOL2D -> () -> k.max_pool2d_forward(a, y, index, window);
      case AVG_POOL2D -> () -> k.avg_pool2d_forward(a, y, window);
      case MAX_POOL2D_BACKWARD -> () -> k.max_pool2d_backward(a, b, y, window);
      default -> () -> k.avg_pool2d_backward(a, y, window);
    };
  }

  private Call unary(Node node) {
    TensorView x = in(node, 0);
    TensorView y = out(node, 0);
    UnaryOp op = node.attributes(Attributes.Unary.class).op();
    return () -> k.unary_forward(x, y, op);
  }

  /** The kernel reads either x or y; the node has that one, which stands in for both. */
  private Call unaryBackward(Node node) {
    TensorView read = in(node, 0);
    TensorView dy = in(node, 1);
    TensorView dx = out(node, 0);
    UnaryOp op = node.attributes(Attributes.Unary.class).op();
    return () -> k.unary_backward(read, read, dy, dx, op);
  }

  private Call permute(Node node, List<Integer> order) {
    TensorView x = in(node, 0);
    TensorView y = out(node, 0);
    IntBuffer permutation =
        ByteBuffer.allocateDirect(order.size() * Integer.BYTES)
            .order(ByteOrder.nativeOrder())
            .asIntBuffer();
    for (int i = 0; i < order.size(); i++) {
      permutation.put(i, order.get(i));
    }
    return () -> k.permute(x, y, permutation);
  }

  private Call slice(Node node) {
    TensorView x = in(node, 0);
    TensorView y = out(node, 0);
    if (node.attributes() instanceof Attributes.Slice slice) {
      int axis = slice.axis();
      long start = slice.start();
      long length = slice.length();
      return () -> k.copy_slice(x, y, axis, start, 0, length);
    }
    long rows = node.input(0).shape().dim(0);
    return () -> k.copy_slice(x, y, 0, 0, 0, rows);
  }

  private List<Call> pad(Node node) {
    TensorView x = in(node, 0);
    TensorView y = out(node, 0);
    Attributes.Pad pad = node.attributes(Attributes.Pad.class);
    int axis = pad.axis();
    long start = pad.start();
    long length = node.input(0).shape().dim(axis);
    return List.of(() -> k._fill(y, 0), () -> k.copy_slice(x, y, axis, 0, start, length));
  }

  private List<Call> concat(Node node) {
    List<Call> calls = new ArrayList<>();
    TensorView y = out(node, 0);
    int axis = node.attributes(Attributes.Concat.class).axis();
    long end = 0;
    for (int i = 0; i < node.inputs().size(); i++) {
      TensorView x = in(node, i);
      long start = end;
      long length = node.input(i).shape().dim(axis);
      calls.add(() -> k.copy_slice(x, y, axis, 0, start, length));
      end += length;
    }
    return calls;
  }

  private Call dropout(Node node, Attributes.Dropout dropout) {
    TensorView x = in(node, 0);
    TensorView seed = in(node, 1);
    TensorView y = out(node, 0);
    float rate = dropout.rate();
    int stream = dropout.stream();
    return () -> k.dropout(x, seed, y, rate, stream);
  }

  private Call loss(Node node) {
    TensorView a = in(node, 0);
    TensorView b = in(node, 1);
    TensorView c = in(node, 2);
    TensorView y = out(node, 0);
    TensorView dz = out(node, 1);
    return switch (node.op()) {
      case SOFTMAX -> () -> k.softmax_forward(a, b, y);
      case SOFTMAX_BACKWARD -> () -> k.softmax_backward(a, b, c, y);
      case LOG_SOFTMAX -> () -> k.log_softmax_forward(a, b, y);
      case LOG_SOFTMAX_BACKWARD -> () -> k.log_softmax_backward(a, b, c, y);
      case SOFTMAX_KL -> () -> k.softmax_kl(a, b, c, y, dz);
      case CROSS_ENTROPY -> () -> k.cross_entropy(a, b, y, dz);
      default -> () -> k.mse(a, b, y, dz);
    };
  }

  private Call batchNorm(Node node) {
    TensorView x = in(node, 0);
    TensorView b = in(node, 1);
    TensorView c = in(node, 2);
    TensorView d = in(node, 3);
    TensorView e = in(node, 4);
    TensorView y = out(node, 0);
    TensorView y1 = out(node, 1);
    TensorView y2 = out(node, 2);
    if (node.op() == Op.BATCH_NORM_BACKWARD) {
      return () -> k.batch_norm_backward(x, b, c, d, e, y, y1, y2);
    }
    float momentum = node.attributes(Attributes.BatchNorm.class).momentum();
    float epsilon = node.attributes(Attributes.BatchNorm.class).epsilon();
    return node.op() == Op.BATCH_NORM
        ? () -> k.batch_norm_forward(x, b, c, d, e, y, y1, y2, momentum, epsilon)
        : () -> k.batch_norm_inference(x, b, c, d, e, y, epsilon);
  }

  private Call layerNorm(Node node) {
    TensorView x = in(node, 0);
    TensorView b = in(node, 1);
    TensorView c = in(node, 2);
    TensorView mean = in(node, 3);
    TensorView deviation = in(node, 4);
    TensorView y = out(node, 0);
    TensorView y1 = out(node, 1);
    TensorView y2 = out(node, 2);
    if (node.op() == Op.LAYER_NORM_BACKWARD) {
      return () -> k.layer_norm_backward(x, b, c, mean, deviation, y, y1, y2);
    }
    float epsilon = node.attributes(Attributes.LayerNorm.class).epsilon();
    return () -> k.layer_norm_forward(x, b, c, y, y1, y2, epsilon);
  }

  private Call attention(Node node, Attributes.Attention attention) {
    TensorView q = in(node, 0);
    TensorView keys = in(node, 1);
    TensorView v = in(node, 2);
    TensorView mask = in(node, 3);
    TensorView y = out(node, 0);
    TensorView logSum = out(node, 1);
    float scale = attention.scale();
    boolean causal = attention.causal();
    return () -> k.attention_forward(q, keys, v, mask, y, logSum, scale, causal);
  }

  /** Inputs: q, k, v, then y, dy, log_sum, then the mask where there is one. */
  private Call attentionBackward(Node node, Attributes.Attention attention) {
    TensorView q = in(node, 0);
    TensorView keys = in(node, 1);
    TensorView v = in(node, 2);
    TensorView y = in(node, 3);
    TensorView dy = in(node, 4);
    TensorView logSum = in(node, 5);
    TensorView mask = in(node, 6);
    TensorView dq = out(node, 0);
    TensorView dk = out(node, 1);
    TensorView dv = out(node, 2);
    float scale = attention.scale();
    boolean causal = attention.causal();
    return () -> k.attention_backward(q, keys, v, mask, y, dy, logSum, dq, dk, dv, scale, causal);
  }

  private Call sgd(Node node, SgdSettings settings) {
    TensorView dw = in(node, 0);
    TensorView learningRate = in(node, 1);
    TensorView scale = in(node, 2);
    TensorView w = in(node, 3);
    TensorView velocity = in(node, 4);
    float momentum = settings.momentum();
    float decay = settings.weightDecay();
    boolean nesterov = settings.nesterov();
    return () -> k.sgd_step(dw, learningRate, scale, w, velocity, momentum, decay, nesterov);
  }

  private Call adam(Node node, AdamSettings settings) {
    TensorView dw = in(node, 0);
    TensorView rate = in(node, 1);
    TensorView step = in(node, 2);
    TensorView scale = in(node, 3);
    TensorView w = in(node, 4);
    TensorView m = in(node, 5);
    TensorView v = in(node, 6);
    float beta1 = settings.beta1();
    float beta2 = settings.beta2();
    float epsilon = settings.epsilon();
    float decay = settings.weightDecay();
    boolean decoupled = settings.decoupled();
    return () ->
        k.adam_step(dw, rate, step, scale, w, m, v, beta1, beta2, epsilon, decay, decoupled);
  }

  /** The input's view, or null where the node has no such input. */
  private TensorView in(Node node, int i) {
    return i < node.inputs().size() ? view.apply(node.input(i)) : null;
  }

  private TensorView out(Node node, int i) {
    return i < node.outputs().size() ? view.apply(node.output(i)) : null;
  }

  private Window window(Window2d w) {
    return windows.computeIfAbsent(
        w,
        key -> new Window(w.kernelH(), w.kernelW(), w.strideH(), w.strideW(), w.padH(), w.padW()));
  }

  /** Frees the windows; the calls must not run again. */
  @Override
  public void close() {
    windows.values().forEach(Window::close);
    windows.clear();
  }
}
