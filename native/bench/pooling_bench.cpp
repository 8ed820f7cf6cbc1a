// Pooling against memory: x read and y (and index) written, or the other way round.
#include "bench.h"

namespace retort {
namespace {

const struct {
  const char* name;
  std::vector<int64_t> x;
  Window window;
} cases[] = {
    {"student", {1, 16, 26, 26}, {2, 2, 2, 2, 0, 0}},  {"student", {64, 16, 26, 26}, {2, 2, 2, 2, 0, 0}},
    {"LeNet-5", {64, 6, 28, 28}, {2, 2, 2, 2, 0, 0}},  {"student", {256, 16, 26, 26}, {2, 2, 2, 2, 0, 0}},
    {"3x3 by 2", {8, 64, 56, 56}, {3, 3, 2, 2, 1, 1}},
};

// The maximum and the mean of the last window of y.
void check_last(const Owned& x, const Owned& y, const std::vector<int64_t>& dims, const Window& w, bool mean) {
  const int64_t height = (dims[2] + 2 * w.pad_h - w.kernel_h) / w.stride_h,
                width = (dims[3] + 2 * w.pad_w - w.kernel_w) / w.stride_w;
  const int64_t plane = dims[0] * dims[1] - 1;
  Reference largest, sum;
  bool any = false;
  for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
    for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
      const int64_t iy = height * w.stride_h - w.pad_h + ky, ix = width * w.stride_w - w.pad_w + kx;
      if (iy >= dims[2] || ix >= dims[3]) continue;
      const double value = x[(plane * dims[2] + iy) * dims[3] + ix];
      sum.add(value / (w.kernel_h * w.kernel_w));
      if (!any || value > largest.value) largest.value = value;
      any = true;
    }
  }
  const int64_t last = y.view.size() - 1;
  check(mean ? "avg_pool2d" : "max_pool2d", last, y[last], mean ? sum : largest);
}

void run(const std::string& name, const std::vector<int64_t>& dims, const Window& w, int32_t threads) {
  Kernels& kernels = retort::kernels(threads);
  const std::vector<int64_t> pooled = {dims[0], dims[1], (dims[2] + 2 * w.pad_h - w.kernel_h) / w.stride_h + 1,
                                       (dims[3] + 2 * w.pad_w - w.kernel_w) / w.stride_w + 1};
  Owned x(dims), y(pooled, DType::float32, Fill::poison), index(pooled, DType::int32);
  const auto max_forward = [&] { kernels.max_pool2d_forward(x.view, y.view, index.view, w); };
  const auto max_backward = [&] { kernels.max_pool2d_backward(y.view, index.view, x.view, w); };
  const auto avg_forward = [&] { kernels.avg_pool2d_forward(x.view, y.view, w); };
  const auto avg_backward = [&] { kernels.avg_pool2d_backward(y.view, x.view, w); };
  avg_forward();
  y.fetch();
  check_last(x, y, dims, w, true);
  max_forward();
  y.fetch();
  check_last(x, y, dims, w, false);
  const std::string title = name + ", batch " + std::to_string(dims[0]);
  const auto record = [&](const char* op) {
    return Record(op, title + ", " + op).with("x", dims).with("kernel", {w.kernel_h, w.kernel_w});
  };
  const double large = 4.0 * static_cast<double>(x.view.size()), small = 4.0 * static_cast<double>(y.view.size());
  report_bytes(record("max_pool2d_forward"), large + 2 * small, threads, kernels, max_forward);
  report_bytes(record("max_pool2d_backward"), large + 2 * small, threads, kernels, max_backward);
  report_bytes(record("avg_pool2d_forward"), large + small, threads, kernels, avg_forward);
  report_bytes(record("avg_pool2d_backward"), large + small, threads, kernels, avg_backward);
}

}  // namespace
}  // namespace retort

int main() {
  std::printf("%s\n", retort::describe_backend().c_str());
  for (const auto& c : retort::cases) {
    for (int32_t threads = 1; threads <= (retort::on_gpu() ? 1 : 2); ++threads)
      retort::run(c.name, c.x, c.window, threads);
  }
}
