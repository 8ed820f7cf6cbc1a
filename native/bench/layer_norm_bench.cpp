// Layer norm against memory: forward reads x and writes y, backward reads x and dy and writes dx.
#include "bench.h"

namespace retort {
namespace {

struct Case {
  int64_t rows, columns;
};
const Case cpu_cases[] = {{64, 256}, {1024, 768}};
const Case gpu_cases[] = {{256, 256}, {8192, 1024}, {32768, 768}, {2048, 16384}};

void run(const Case& c, int32_t threads) {
  Kernels& kernels = retort::kernels(threads);
  const std::vector<int64_t> shape = {c.rows, c.columns};
  const float epsilon = 1e-5f;
  Owned x(shape), dy(shape), gamma({c.columns}), beta({c.columns});
  Owned y(shape, DType::float32, Fill::poison), dx(shape, DType::float32, Fill::poison), mean({c.rows}),
      inv_std({c.rows}), dgamma({c.columns}), dbeta({c.columns});
  const auto forward = [&] {
    kernels.layer_norm_forward(x.view, gamma.view, beta.view, y.view, mean.view, inv_std.view, epsilon);
  };
  const auto backward = [&] {
    kernels.layer_norm_backward(x.view, dy.view, gamma.view, mean.view, inv_std.view, dx.view, dgamma.view, dbeta.view);
  };
  forward();
  backward();
  for (Owned* written : {&y, &dx, &dgamma, &dbeta}) written->fetch();

  std::vector<double> means(static_cast<size_t>(c.rows)), scales(static_cast<size_t>(c.rows));
  for (int64_t r = 0; r < c.rows; ++r) {
    double sum = 0, squares = 0;
    for (int64_t i = r * c.columns; i < (r + 1) * c.columns; ++i) sum += double{x[i]};
    const double average = sum / static_cast<double>(c.columns);
    for (int64_t i = r * c.columns; i < (r + 1) * c.columns; ++i) squares += (x[i] - average) * (x[i] - average);
    means[static_cast<size_t>(r)] = average;
    scales[static_cast<size_t>(r)] = 1 / std::sqrt(squares / static_cast<double>(c.columns) + double{epsilon});
  }
  const auto normal = [&](int64_t row, int64_t column) {
    return (x[row * c.columns + column] - means[static_cast<size_t>(row)]) * scales[static_cast<size_t>(row)];
  };
  const int64_t row = c.rows - 1;
  double of_normal = 0, of_gradient = 0;
  for (int64_t i = 0; i < c.columns; ++i) {
    const double gradient = double{dy[row * c.columns + i]} * gamma[i];
    of_gradient += gradient / static_cast<double>(c.columns);
    of_normal += gradient * normal(row, i) / static_cast<double>(c.columns);
  }
  for (int64_t i = 0; i < c.columns; ++i) {
    Reference value, slope;
    value.add(gamma[i] * normal(row, i));
    value.add(beta[i]);
    // Of x less its mean, whose rounding is of x's size.
    value.magnitude += scales[static_cast<size_t>(row)];
    check("layer_norm_forward", row * c.columns + i, y[row * c.columns + i], value);
    const double scale = scales[static_cast<size_t>(row)];
    slope.add(scale * dy[row * c.columns + i] * gamma[i]);
    slope.add(-scale * of_gradient);
    slope.add(-scale * normal(row, i) * of_normal);
    slope.magnitude += scale;
    check("layer_norm_backward", row * c.columns + i, dx[row * c.columns + i], slope);
  }
  Reference by_gamma, by_beta;
  for (int64_t r = 0; r < c.rows; ++r) {
    by_gamma.add(dy[r * c.columns + c.columns - 1] * normal(r, c.columns - 1));
    by_beta.add(dy[r * c.columns + c.columns - 1]);
  }
  check("layer_norm_backward dgamma", c.columns - 1, dgamma[c.columns - 1], by_gamma);
  check("layer_norm_backward dbeta", c.columns - 1, dbeta[c.columns - 1], by_beta);

  const std::string text = " [" + std::to_string(c.rows) + ", " + std::to_string(c.columns) + "]";
  const double bytes = 4.0 * static_cast<double>(c.rows * c.columns);
  report_bytes(Record("layer_norm_forward", "layer_norm_forward" + text).with("shape", shape), 2 * bytes, threads,
               kernels, forward);
  report_bytes(Record("layer_norm_backward", "layer_norm_backward" + text).with("shape", shape), 3 * bytes, threads,
               kernels, backward);
}

}  // namespace
}  // namespace retort

int main() {
  using namespace retort;
  std::printf("%s\n", describe_backend().c_str());
  if (on_gpu()) {
    for (const Case& c : gpu_cases) run(c, 1);
  } else {
    for (const Case& c : cpu_cases) {
      for (int32_t threads = 1; threads <= 2; ++threads) run(c, threads);
    }
  }
}
