// conv2d against the processor's peak: the teacher's and the student's layers, and some of other shapes.
#include <cstring>

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

const Case cases[] = {
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

struct Tensors {
  int64_t out_height, out_width;
  Owned x, w, bias, y, dy, dx, dw;

  explicit Tensors(const Case& c)
      : out_height((c.height + 2 * c.window.pad_h - c.window.kernel_h) / c.window.stride_h + 1),
        out_width((c.width + 2 * c.window.pad_w - c.window.kernel_w) / c.window.stride_w + 1),
        x({c.batch, c.channels, c.height, c.width}),
        w({c.outputs, c.channels / c.groups, c.window.kernel_h, c.window.kernel_w}),
        bias({c.outputs}),
        y({c.batch, c.outputs, out_height, out_width}),
        dy({c.batch, c.outputs, out_height, out_width}),
        dx({c.batch, c.channels, c.height, c.width}),
        dw({c.outputs, c.channels / c.groups, c.window.kernel_h, c.window.kernel_w}) {}
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
void check_all(const Case& c, const Tensors& t) {
  std::vector<Reference> y(static_cast<size_t>(t.y.view.size())), dx(static_cast<size_t>(t.dx.view.size())),
      dw(static_cast<size_t>(t.dw.view.size()));
  const int64_t image = c.batch - 1, output = c.outputs - 1;
  each_product(c, t, image, output, [&](int64_t x, int64_t w, int64_t at) { y[at].add(double{t.x[x]} * t.w[w]); });
  for (int64_t o = 0; o < c.outputs; ++o) {
    each_product(c, t, image, o, [&](int64_t x, int64_t w, int64_t at) { dx[x].add(double{t.dy[at]} * t.w[w]); });
  }
  for (int64_t n = 0; n < c.batch; ++n) {
    each_product(c, t, n, output, [&](int64_t x, int64_t w, int64_t at) { dw[w].add(double{t.dy[at]} * t.x[x]); });
  }
  for (int64_t i = t.y.view.size() - t.out_height * t.out_width; i < t.y.view.size(); ++i) {
    y[i].add(t.bias[output]);
    y[i].value = std::max(y[i].value, 0.0);
    check(std::string(c.name) + " forward", i, t.y[i], y[i]);
  }
  for (int64_t i = image * t.dx.view.size() / c.batch; i < t.dx.view.size(); ++i) {
    check(std::string(c.name) + " backward_input", i, t.dx[i], dx[i]);
  }
  for (int64_t i = output * t.dw.view.size() / c.outputs; i < t.dw.view.size(); ++i) {
    check(std::string(c.name) + " backward_weight", i, t.dw[i], dw[i]);
  }
}

void run(const Case& c) {
  Tensors t(c);
  const std::unique_ptr<Kernels> kernels(create_cpu_kernels(c.threads));
  const auto forward = [&] {
    kernels->conv2d_forward(t.x.view, t.w.view, &t.bias.view, t.y.view, c.window, c.groups, Activation::relu);
  };
  const auto input = [&] { kernels->conv2d_backward_input(t.dy.view, t.w.view, t.dx.view, c.window, c.groups); };
  const auto weight = [&] { kernels->conv2d_backward_weight(t.x.view, t.dy.view, t.dw.view, c.window, c.groups); };
  forward();
  input();
  weight();
  check_all(c, t);
  const double flops = 2.0 * static_cast<double>(t.y.view.size() * t.w.view.size() / c.outputs);
  const std::string name = std::string(c.name) + ", batch " + std::to_string(c.batch);
  report(name + ", forward", flops, c.threads, forward);
  report(name + ", backward_input", flops, c.threads, input);
  report(name + ", backward_weight", flops, c.threads, weight);
}

}  // namespace
}  // namespace retort

int main(int argc, char** argv) {
  std::printf("%s\n", retort::describe_cpu());
  for (const retort::Case& c : retort::cases) {
    bool wanted = argc == 1;
    for (int i = 1; i < argc; ++i) wanted |= std::strstr(c.name, argv[i]) != nullptr;
    if (wanted) run(c);
  }
}
