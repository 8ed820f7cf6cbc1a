// Optimisers against memory: Adam reads and writes 28 bytes a parameter, SGD with momentum 20.
#include "bench.h"

namespace retort {
namespace {

const struct {
  const char* name;
  int64_t parameters;
} models[] = {{"teacher", 9490442}, {"student", 173930}};

void run(const std::string& model, int64_t n, int32_t threads) {
  Kernels& kernels = retort::kernels(threads);
  Owned dw({n}), w({n}), m({n}), v({n}), rate({1}), step({1});
  for (int64_t i = 0; i < n; ++i) v.set(i, v[i] * v[i]);
  rate.set(0, 1e-3f);
  step.set(0, 3);
  for (Owned* changed : {&v, &rate, &step}) changed->send();
  const int64_t last = n - 1;
  Reference moved;
  const double mean = 0.9 * m[last] + 0.1 * dw[last], square = 0.999 * v[last] + 0.001 * dw[last] * dw[last];
  moved.add(w[last]);
  moved.add(-1e-3 * mean / (1 - std::pow(0.9, 3)) / (std::sqrt(square / (1 - std::pow(0.999, 3))) + 1e-8));
  const auto adam = [&] {
    kernels.adam_step(dw.view, rate.view, step.view, nullptr, w.view, m.view, v.view, 0.9f, 0.999f, 1e-8f, 0, false);
  };
  adam();
  for (Owned* changed : {&w, &m}) changed->fetch();
  check("adam_step", last, w[last], moved);
  report_bytes(Record("adam_step", model + ", adam_step").with("size", n), 28.0 * static_cast<double>(n), threads,
               kernels, adam);

  for (Owned* changed : {&w, &m}) changed->fetch();
  Reference stepped;
  const double speed = 0.9 * m[last] + dw[last];
  stepped.add(w[last]);
  stepped.add(-1e-3 * (dw[last] + 0.9 * speed));
  const auto sgd = [&] { kernels.sgd_step(dw.view, rate.view, nullptr, w.view, &m.view, 0.9f, 0, true); };
  sgd();
  w.fetch();
  check("sgd_step", last, w[last], stepped);
  report_bytes(Record("sgd_step", model + ", sgd_step nesterov").with("size", n), 20.0 * static_cast<double>(n),
               threads, kernels, sgd);
}

}  // namespace
}  // namespace retort

int main() {
  std::printf("%s\n", retort::describe_backend().c_str());
  for (const auto& model : retort::models) {
    for (int32_t threads = 1; threads <= (retort::on_gpu() ? 1 : 2); ++threads)
      retort::run(model.name, model.parameters, threads);
  }
}
