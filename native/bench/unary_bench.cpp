// Elementwise ops and sums beside a training step: ReLU's gradient, the bias's gradient, and what GELU and tanh cost.
#include "bench.h"

namespace retort {
namespace {

void run(int32_t threads) {
  Kernels& kernels = retort::kernels(threads);
  const int64_t n = on_gpu() ? 2048 : 64, c = 64, plane = 24;
  Owned x({n, c, plane, plane}), y({n, c, plane, plane}), dy({n, c, plane, plane}), dbias({c});
  const std::string shape = "[" + std::to_string(n) + ", 64, 24, 24] ";
  const double bytes = 4.0 * static_cast<double>(x.view.size());
  const auto relu = [&] { kernels.unary_backward(x.view, y.view, dy.view, x.view, UnaryOp::relu); };
  relu();
  x.fetch();
  const int64_t last = x.view.size() - 1;
  Reference want;
  want.add(y[last] > 0 ? dy[last] : 0.0);
  check("relu backward", last, x[last], want);
  report_bytes(Record("unary", shape + "relu backward"), 3 * bytes, threads, kernels, relu);

  const auto bias = [&] { kernels.bias_backward(dy.view, dbias.view); };
  bias();
  dbias.fetch();
  Reference total;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < plane * plane; ++j) total.add(dy[(i * c + c - 1) * plane * plane + j]);
  }
  check("bias_backward", c - 1, dbias[c - 1], total);
  report_bytes(Record("unary", shape + "bias_backward"), bytes, threads, kernels, bias);
  report_bytes(Record("unary", shape + "gelu forward"), 2 * bytes, threads, kernels,
               [&] { kernels.unary_forward(dy.view, y.view, UnaryOp::gelu); });
  report_bytes(Record("unary", shape + "tanh forward"), 2 * bytes, threads, kernels,
               [&] { kernels.unary_forward(dy.view, y.view, UnaryOp::tanh); });
  report_bytes(Record("unary", shape + "exp forward"), 2 * bytes, threads, kernels,
               [&] { kernels.unary_forward(dy.view, y.view, UnaryOp::exp); });

  Owned rows({64, 256}), columns({256});
  report_bytes(Record("bias_backward", "[64, 256] bias_backward"), 4.0 * 64 * 256, threads, kernels,
               [&] { kernels.bias_backward(rows.view, columns.view); });
}

}  // namespace
}  // namespace retort

int main() {
  std::printf("%s\n", retort::describe_backend().c_str());
  for (int32_t threads = 1; threads <= (retort::on_gpu() ? 1 : 2); ++threads) retort::run(threads);
}
