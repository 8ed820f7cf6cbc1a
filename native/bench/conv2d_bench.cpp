// conv2d against the machine's peak: the teacher's and the student's layers, and some of other shapes; on a GPU at
// batch 256, with ResNet-20's (He et al. 2016, for images of 32 x 32), in every arithmetic.
#include "bench.h"

namespace retort {
namespace {

struct Case {
  const char* name;
  int64_t batch, channels, height, width, outputs;
  Window window;
  int32_t groups;
  int32_t threads;
};

const Case cpu_cases[] = {
    {"teacher conv2", 64, 32, 26, 26, 64, {3, 3, 1, 1, 0, 0}, 1, 2},
    {"teacher conv2", 64, 32, 26, 26, 64, {3, 3, 1, 1, 0, 0}, 1, 1},
    {"teacher conv2", 1, 32, 26, 26, 64, {3, 3, 1, 1, 0, 0}, 1, 2},
    {"teacher conv1", 64, 1, 28, 28, 32, {3, 3, 1, 1, 0, 0}, 1, 2},
    {"student conv1", 1, 1, 28, 28, 16, {3, 3, 1, 1, 0, 0}, 1, 1},
    {"student conv1", 64, 1, 28, 28, 16, {3, 3, 1, 1, 0, 0}, 1, 1},
    {"student conv1", 64, 1, 28, 28, 16, {3, 3, 1, 1, 0, 0}, 1, 2},
    {"lenet conv1", 64, 1, 28, 28, 6, {5, 5, 1, 1, 2, 2}, 1, 1},
    {"lenet conv2", 64, 6, 14, 14, 16, {5, 5, 1, 1, 0, 0}, 1, 1},
    {"residual 3x3", 4, 64, 56, 56, 64, {3, 3, 1, 1, 1, 1}, 1, 2},
    {"residual 3x3 stride 2", 4, 64, 56, 56, 128, {3, 3, 2, 2, 1, 1}, 1, 2},
    {"residual 1x1", 4, 64, 56, 56, 256, {1, 1, 1, 1, 0, 0}, 1, 2},
    {"stem 7x7 stride 2", 2, 3, 224, 224, 64, {7, 7, 2, 2, 3, 3}, 1, 2},
    {"depthwise 3x3", 4, 64, 56, 56, 64, {3, 3, 1, 1, 1, 1}, 64, 2},
};

const Case gpu_cases[] = {
    {"teacher conv1", 256, 1, 28, 28, 32, {3, 3, 1, 1, 0, 0}, 1, 1},
    {"teacher conv2", 256, 32, 26, 26, 64, {3, 3, 1, 1, 0, 0}, 1, 1},
    {"student conv1", 256, 1, 28, 28, 16, {3, 3, 1, 1, 0, 0}, 1, 1},
    {"ResNet-20 stem", 256, 3, 32, 32, 16, {3, 3, 1, 1, 1, 1}, 1, 1},
    {"ResNet-20 16 of 32x32", 256, 16, 32, 32, 16, {3, 3, 1, 1, 1, 1}, 1, 1},
    {"ResNet-20 16 to 32 by 2", 256, 16, 32, 32, 32, {3, 3, 2, 2, 1, 1}, 1, 1},
    {"ResNet-20 32 of 16x16", 256, 32, 16, 16, 32, {3, 3, 1, 1, 1, 1}, 1, 1},
    {"ResNet-20 32 to 64 by 2", 256, 32, 16, 16, 64, {3, 3, 2, 2, 1, 1}, 1, 1},
    {"ResNet-20 64 of 8x8", 256, 64, 8, 8, 64, {3, 3, 1, 1, 1, 1}, 1, 1},
};

struct Tensors {
  int64_t out_height, out_width;
  Owned x, w, bias, y, dy, dx, dw;

  explicit Tensors(const Case& c)
      : out_height((c.height + 2 * c.window.pad_h - c.window.kernel_h) / c.window.stride_h + 1),
        out_width((c.width + 2 * c.window.pad_w - c.window.kernel_w) / c.window.stride_w + 1),
        x({c.batch, c.channels, c.height, c.width}),
        w({c.outputs, c.channels / c.groups, c.window.kernel_h, c.window.kernel_w}),
        bias({c.outputs}),
        y({c.batch, c.outputs, out_height, out_width}, DType::float32, Fill::poison),
        dy({c.batch, c.outputs, out_height, out_width}),
        dx({c.batch, c.channels, c.height, c.width}, DType::float32, Fill::poison),
        dw({c.outputs, c.channels / c.groups, c.window.kernel_h, c.window.kernel_w}, DType::float32, Fill::poison) {}
};

// visit(index of x, index of w, index of y) for every product of the convolution that `wanted(…)` lets through.
template <typename Visit>
void each_product(const Case& c, const Tensors& t, int64_t image, int64_t output, const Visit& visit) {
  const int64_t group_channels = c.channels / c.groups, group = output / (c.outputs / c.groups);
  for (int64_t i = 0; i < t.out_height; ++i) {
    for (int64_t j = 0; j < t.out_width; ++j) {
      const int64_t y = ((image * c.outputs + output) * t.out_height + i) * t.out_width + j;
      for (int64_t w = 0; w < group_channels * c.window.kernel_h * c.window.kernel_w; ++w) {
        const int64_t channel = group * group_channels + w / (c.window.kernel_h * c.window.kernel_w);
        const int64_t h = i * c.window.stride_h - c.window.pad_h + w / c.window.kernel_w % c.window.kernel_h;
        const int64_t v = j * c.window.stride_w - c.window.pad_w + w % c.window.kernel_w;
        if (h < 0 || h >= c.height || v < 0 || v >= c.width) continue;
        visit(((image * c.channels + channel) * c.height + h) * c.width + v,
              output * group_channels * c.window.kernel_h * c.window.kernel_w + w, y);
      }
    }
  }
}

// The last image's last output of y, the last image of dx, and the last output of dw, all of each.
void check_all(const std::string& name, const Case& c, Tensors& t, bool relu, const Rounding& rounding) {
  t.y.fetch();
  t.dx.fetch();
  t.dw.fetch();
  const int64_t image = c.batch - 1, output = c.outputs - 1;
  const int64_t first_y = t.y.view.size() - t.out_height * t.out_width, first_dx = image * t.dx.view.size() / c.batch,
                first_dw = output * t.dw.view.size() / c.outputs;
  std::vector<Reference> y(static_cast<size_t>(t.y.view.size() - first_y)),
      dx(static_cast<size_t>(t.dx.view.size() - first_dx)), dw(static_cast<size_t>(t.dw.view.size() - first_dw));
  each_product(c, t, image, output, [&](int64_t x, int64_t w, int64_t at) {
    y[static_cast<size_t>(at - first_y)].add(double{t.x[x]} * t.w[w]);
  });
  for (int64_t o = 0; o < c.outputs; ++o) {
    each_product(c, t, image, o, [&](int64_t x, int64_t w, int64_t at) {
      dx[static_cast<size_t>(x - first_dx)].add(double{t.dy[at]} * t.w[w]);
    });
  }
  for (int64_t n = 0; n < c.batch; ++n) {
    each_product(c, t, n, output, [&](int64_t x, int64_t w, int64_t at) {
      dw[static_cast<size_t>(w - first_dw)].add(double{t.dy[at]} * t.x[x]);
    });
  }
  for (int64_t i = first_y; i < t.y.view.size(); ++i) {
    Reference& want = y[static_cast<size_t>(i - first_y)];
    want.add(t.bias[output]);
    if (relu) want.value = std::max(want.value, 0.0);
    check(name + ", forward", i, t.y[i], want, rounding);
  }
  for (int64_t i = first_dx; i < t.dx.view.size(); ++i) {
    check(name + ", backward_input", i, t.dx[i], dx[static_cast<size_t>(i - first_dx)], rounding);
  }
  for (int64_t i = first_dw; i < t.dw.view.size(); ++i) {
    check(name + ", backward_weight", i, t.dw[i], dw[static_cast<size_t>(i - first_dw)], rounding);
  }
}

void run(const Case& c, const std::string& name, Precision precision) {
  Tensors t(c);
  Kernels& kernels = retort::kernels(c.threads, precision);
  // A peer without a fused relu would pay for one on the GPU.
  const Activation activation = on_gpu() ? Activation::none : Activation::relu;
  const auto forward = [&] {
    kernels.conv2d_forward(t.x.view, t.w.view, &t.bias.view, t.y.view, c.window, c.groups, activation);
  };
  const auto input = [&] { kernels.conv2d_backward_input(t.dy.view, t.w.view, t.dx.view, c.window, c.groups); };
  const auto weight = [&] { kernels.conv2d_backward_weight(t.x.view, t.dy.view, t.dw.view, c.window, c.groups); };
  forward();
  input();
  weight();
  check_all(name, c, t, activation == Activation::relu, rounding_of(precision));
  const double flops = 2.0 * static_cast<double>(t.y.view.size() * t.w.view.size() / c.outputs);
  const Arithmetic arithmetic = precision == Precision::tf32       ? Arithmetic::tf32
                                : precision == Precision::bfloat16 ? Arithmetic::bfloat16
                                                                   : Arithmetic::float32;
  const auto record = [&](const char* pass) {
    Record record("conv2d", name + ", " + pass);
    record.with("pass", pass).with("precision", name_of(precision)).with("batch", c.batch);
    record.with("channels", c.channels).with("height", c.height).with("width", c.width).with("outputs", c.outputs);
    record.with("kernel", {c.window.kernel_h, c.window.kernel_w})
        .with("stride", {c.window.stride_h, c.window.stride_w});
    return record.with("pad", {c.window.pad_h, c.window.pad_w}).with("groups", c.groups);
  };
  report(record("forward"), flops, arithmetic, c.threads, kernels, forward);
  // Nobody asks for a gradient by the images.
  if (!on_gpu() || c.channels > 3) {
    report(record("backward_input"), flops, arithmetic, c.threads, kernels, input);
  }
  report(record("backward_weight"), flops, arithmetic, c.threads, kernels, weight);
}

}  // namespace
}  // namespace retort

int main(int argc, char** argv) {
  using namespace retort;
  std::printf("%s\n", describe_backend().c_str());
  if (!on_gpu()) {
    for (const Case& c : cpu_cases) {
      const std::string name = std::string(c.name) + ", batch " + std::to_string(c.batch);
      if (wanted(argc, argv, c.name)) run(c, name, Precision::float32);
    }
    return 0;
  }
  for (const Case& c : gpu_cases) {
    for (const Precision precision : {Precision::float32, Precision::tf32, Precision::bfloat16}) {
      const std::string name = std::string("conv2d ") + c.name + ", " + name_of(precision);
      if (wanted(argc, argv, name)) run(c, name, precision);
    }
  }
}
