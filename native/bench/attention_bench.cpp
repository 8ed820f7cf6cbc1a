// Attention against the machine's peak: forward is two products of S x S' x D a head, backward five; a causal one does
// half of that.
#include "bench.h"

namespace retort {
namespace {

struct Case {
  int64_t batch, heads, length, depth;
  bool causal;
};
const Case cpu_cases[] = {{4, 4, 128, 64, false}, {1, 8, 512, 64, true}};
const Case gpu_cases[] = {{8, 16, 1024, 64, false}, {8, 16, 1024, 64, true}, {2, 16, 4096, 128, true}};

struct Tensors {
  Owned q, k, v, dy, y, log_sum, dq, dk, dv;

  explicit Tensors(const std::vector<int64_t>& shape)
      : q(shape),
        k(shape),
        v(shape),
        dy(shape),
        y(shape, DType::float32, Fill::poison),
        log_sum({shape[0], shape[1], shape[2]}, DType::float32, Fill::poison),
        dq(shape, DType::float32, Fill::poison),
        dk(shape, DType::float32, Fill::poison),
        dv(shape, DType::float32, Fill::poison) {}
};

// The last head's last query of y and dq, and its key in the middle of dk and dv.
void check_last_head(const std::string& name, const Case& c, Tensors& t, double scale, const Rounding& rounding) {
  for (Owned* written : {&t.y, &t.dq, &t.dk, &t.dv, &t.log_sum}) written->fetch();
  const int64_t base = (c.batch * c.heads - 1) * c.length * c.depth, key = c.length / 2;
  const auto at = [&](int64_t row, int64_t d) { return base + row * c.depth + d; };
  const auto size = static_cast<size_t>(c.depth);
  std::vector<Reference> y(size), dq(size), dk(size), dv(size);
  std::vector<double> p(static_cast<size_t>(c.length));
  for (int64_t s = 0; s < c.length; ++s) {
    const int64_t seen = c.causal ? s + 1 : c.length;
    double total = 0;
    for (int64_t j = 0; j < seen; ++j) {
      double score = 0;
      for (int64_t d = 0; d < c.depth; ++d) score += double{t.q[at(s, d)]} * t.k[at(j, d)];
      total += p[static_cast<size_t>(j)] = std::exp(score * scale);
    }
    const bool last = s == c.length - 1;
    if (last) {
      Reference log_sum;
      log_sum.add(std::log(total));
      log_sum.squares += 1;
      check(name + ", log_sum", t.log_sum.view.size() - 1, t.log_sum[t.log_sum.view.size() - 1], log_sum, rounding);
    }
    // dy·y is what Σ p·dp is.
    double inner = 0;
    for (int64_t j = 0; j < seen; ++j) {
      p[static_cast<size_t>(j)] /= total;
      for (int64_t d = 0; d < c.depth; ++d) inner += p[static_cast<size_t>(j)] * t.dy[at(s, d)] * t.v[at(j, d)];
    }
    for (int64_t j = last ? 0 : key; j < (last ? seen : std::min(seen, key + 1)); ++j) {
      double dp = 0;
      for (int64_t d = 0; d < c.depth; ++d) dp += double{t.dy[at(s, d)]} * t.v[at(j, d)];
      const double weight = p[static_cast<size_t>(j)], slope = scale * weight * (dp - inner);
      for (int64_t d = 0; d < c.depth; ++d) {
        const auto i = static_cast<size_t>(d);
        if (last) {
          y[i].add(weight * t.v[at(j, d)]);
          dq[i].add(slope * t.k[at(j, d)]);
        }
        if (j == key) {
          dv[i].add(weight * t.dy[at(s, d)]);
          dk[i].add(slope * t.q[at(s, d)]);
        }
      }
    }
  }
  for (int64_t d = 0; d < c.depth; ++d) {
    const auto i = static_cast<size_t>(d);
    check(name + ", y", at(c.length - 1, d), t.y[at(c.length - 1, d)], y[i], rounding);
    check(name + ", dq", at(c.length - 1, d), t.dq[at(c.length - 1, d)], dq[i], rounding);
    check(name + ", dk", at(key, d), t.dk[at(key, d)], dk[i], rounding);
    check(name + ", dv", at(key, d), t.dv[at(key, d)], dv[i], rounding);
  }
}

void run(const Case& c, Precision precision, int32_t threads, const std::string& name) {
  Kernels& kernels = retort::kernels(threads, precision);
  const std::vector<int64_t> shape = {c.batch, c.heads, c.length, c.depth};
  Tensors t(shape);
  const double scale = 1 / std::sqrt(static_cast<double>(c.depth));
  const auto forward = [&] {
    kernels.attention_forward(t.q.view, t.k.view, t.v.view, nullptr, t.y.view, t.log_sum.view,
                              static_cast<float>(scale), c.causal);
  };
  const auto backward = [&] {
    kernels.attention_backward(t.q.view, t.k.view, t.v.view, nullptr, t.y.view, t.dy.view, t.log_sum.view, t.dq.view,
                               t.dk.view, t.dv.view, static_cast<float>(scale), c.causal);
  };
  forward();
  backward();
  check_last_head(name, c, t, scale, rounding_of(precision));
  const Arithmetic arithmetic = precision == Precision::tf32       ? Arithmetic::tf32
                                : precision == Precision::bfloat16 ? Arithmetic::bfloat16
                                                                   : Arithmetic::float32;
  const double product = 2.0 * static_cast<double>(size_of(shape) * c.length) / (c.causal ? 2 : 1);
  const auto record = [&](const char* pass) {
    return Record("attention", name + ", " + pass)
        .with("pass", pass)
        .with("shape", shape)
        .with("causal", c.causal)
        .with("precision", name_of(precision));
  };
  report(record("forward"), 2 * product, arithmetic, threads, kernels, forward);
  report(record("backward"), 5 * product, arithmetic, threads, kernels, backward);
}

std::string title(const Case& c, Precision precision) {
  char text[120];
  std::snprintf(text, sizeof text, "attention %s [%lld, %lld, %lld, %lld]%s", name_of(precision),
                static_cast<long long>(c.batch), static_cast<long long>(c.heads), static_cast<long long>(c.length),
                static_cast<long long>(c.depth), c.causal ? " causal" : "");
  return text;
}

}  // namespace
}  // namespace retort

int main(int argc, char** argv) {
  using namespace retort;
  std::printf("%s\n", describe_backend().c_str());
  if (!on_gpu()) {
    for (const Case& c : cpu_cases) {
      for (int32_t threads = 1; threads <= 2; ++threads) {
        run(c, Precision::float32, threads, title(c, Precision::float32));
      }
    }
    return 0;
  }
  for (const Case& c : gpu_cases) {
    for (const Precision precision : {Precision::float32, Precision::tf32, Precision::bfloat16}) {
      if (wanted(argc, argv, title(c, precision))) run(c, precision, 1, title(c, precision));
    }
  }
}
