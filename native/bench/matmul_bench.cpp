// matmul against the machine's peak: on the CPU the products of the teacher's and the student's training and answering,
// on a GPU large squares in every arithmetic and the teacher's products at batch 256.
#include <random>
#include <tuple>

#include "bench.h"

namespace retort {
namespace {

struct Case {
  const char* name;
  int64_t m, n, k;
  bool transpose_a, transpose_b;
  int32_t threads;
};

const Case cpu_cases[] = {
    {"teacher fc1 forward", 64, 256, 36864, false, true, 2},
    {"teacher fc1 dx", 64, 36864, 256, false, false, 2},
    {"teacher fc1 dw", 256, 36864, 64, true, false, 2},
    {"teacher fc1 forward", 64, 256, 36864, false, true, 1},
    {"teacher fc1 dx", 64, 36864, 256, false, false, 1},
    {"teacher fc1 dw", 256, 36864, 64, true, false, 1},
    {"teacher fc1 forward", 1, 256, 36864, false, true, 2},
    {"teacher fc1 forward", 8, 256, 36864, false, true, 2},
    {"teacher fc1 forward", 1, 256, 36864, false, true, 1},
    {"teacher fc2 forward", 64, 128, 256, false, true, 1},
    {"student fc1 forward", 1, 64, 2704, false, true, 1},
    {"student fc1 forward", 2, 64, 2704, false, true, 1},
    {"student fc1 forward", 4, 64, 2704, false, true, 1},
    {"student fc1 forward", 8, 64, 2704, false, true, 1},
    {"student fc1 forward", 64, 64, 2704, false, true, 1},
    {"student fc1 forward", 64, 64, 2704, false, true, 2},
    {"student fc1 dx", 64, 2704, 64, false, false, 1},
    {"student fc1 dx", 64, 2704, 64, false, false, 2},
    {"student fc1 dw", 64, 2704, 64, true, false, 1},
    {"student fc1 dw", 64, 2704, 64, true, false, 2},
    {"student fc2 forward", 1, 10, 64, false, true, 1},
    {"student fc2 forward", 64, 10, 64, false, true, 1},
    {"student fc2 dx", 64, 64, 10, false, false, 1},
    {"student fc2 dw", 10, 64, 64, true, false, 1},
    {"mlp forward", 64, 512, 784, false, true, 2},
    {"mlp forward, untransposed", 64, 512, 784, false, false, 2},
    {"mlp forward, untransposed", 1, 512, 784, false, false, 1},
    {"square nn", 256, 256, 256, false, false, 1},
    {"square nt", 256, 256, 256, false, true, 1},
    {"square nn", 512, 512, 512, false, false, 1},
    {"square nt", 512, 512, 512, false, true, 1},
    {"square tn", 512, 512, 512, true, false, 1},
    {"square nn", 1024, 1024, 1024, false, false, 2},
    {"square nt", 1024, 1024, 1024, false, true, 2},
};

// Each in every arithmetic.
const Case gpu_cases[] = {
    {"square nn", 4096, 4096, 4096, false, false, 1},         {"square nt", 4096, 4096, 4096, false, true, 1},
    {"square tn", 4096, 4096, 4096, true, false, 1},          {"square nn", 8192, 8192, 8192, false, false, 1},
    {"square nt", 8192, 8192, 8192, false, true, 1},          {"odd nn", 4095, 4097, 4093, false, false, 1},
    {"teacher fc1 forward", 256, 256, 36864, false, true, 1}, {"teacher fc1 dx", 256, 36864, 256, false, false, 1},
    {"teacher fc1 dw", 256, 36864, 256, true, false, 1},
};

// 300 elements of y against sums in double of what the kernel was given.
template <typename Term>
void check_some(const std::string& name, const Case& c, Owned& y, const Rounding& rounding, const Term& reference) {
  y.fetch();
  std::mt19937_64 generator(1);
  for (int i = 0; i < 300; ++i) {
    const int64_t at = static_cast<int64_t>(generator() % static_cast<uint64_t>(c.m * c.n));
    check(name, at, y[at], reference(at / c.n, at % c.n), rounding);
  }
}

std::string title(const Case& c, const char* arithmetic) {
  char text[120];
  std::snprintf(text, sizeof text, "matmul %s%s%s %lld x %lld x %lld", arithmetic, *arithmetic ? " " : "", c.name,
                static_cast<long long>(c.m), static_cast<long long>(c.n), static_cast<long long>(c.k));
  return text;
}

Record record(const char* op, const std::string& name, const Case& c, const char* dtype, Precision precision) {
  Record record(op, name);
  record.with("dtype", dtype).with("precision", name_of(precision));
  record.with("m", c.m).with("n", c.n).with("k", c.k);
  return record.with("transpose_a", c.transpose_a).with("transpose_b", c.transpose_b);
}

double flops(const Case& c) { return 2.0 * static_cast<double>(c.m * c.n * c.k); }

void run(const Case& c, DType dtype, Precision precision, const std::string& name) {
  const Owned a(c.transpose_a ? std::vector<int64_t>{c.k, c.m} : std::vector<int64_t>{c.m, c.k}, dtype);
  const Owned b(c.transpose_b ? std::vector<int64_t>{c.n, c.k} : std::vector<int64_t>{c.k, c.n}, dtype);
  const Owned bias({c.n});
  Owned y({c.m, c.n}, dtype, Fill::poison);
  Kernels& kernels = retort::kernels(c.threads, precision);
  // The peer beside it on a GPU is a plain product.
  const bool biased = !on_gpu();
  const auto call = [&] {
    kernels.matmul(a.view, b.view, biased ? &bias.view : nullptr, y.view, c.transpose_a, c.transpose_b,
                   Activation::none);
  };
  call();
  const bool narrow = dtype == DType::bfloat16;
  check_some(name, c, y, narrow ? Rounding{0, 0x1p-8} : rounding_of(precision), [&](int64_t m, int64_t n) {
    Reference sum;
    if (biased) sum.add(bias[n]);
    for (int64_t k = 0; k < c.k; ++k) {
      const double left = a[c.transpose_a ? k * c.m + m : m * c.k + k];
      sum.add(left * b[c.transpose_b ? n * c.k + k : k * c.n + n]);
    }
    return sum;
  });
  const Arithmetic arithmetic = narrow || precision == Precision::bfloat16 ? Arithmetic::bfloat16
                                : precision == Precision::tf32             ? Arithmetic::tf32
                                                                           : Arithmetic::float32;
  report(record("matmul", name, c, narrow ? "bfloat16" : "float32", precision), flops(c), arithmetic, c.threads,
         kernels, call);
}

void run_int8(const Case& c) {
  const std::string name = title(c, "int8");
  const Owned a({c.m, c.k}, DType::int8), b({c.n, c.k}, DType::int8), bias({c.n});
  Owned scale({c.n}), y({c.m, c.n}, DType::float32, Fill::poison);
  Kernels& kernels = retort::kernels(c.threads);
  const auto call = [&] { kernels.matmul_int8(a.view, b.view, scale.view, &bias.view, y.view, Activation::none); };
  call();
  check_some(name, c, y, {}, [&](int64_t m, int64_t n) {
    Reference sum;
    sum.add(bias[n]);
    for (int64_t k = 0; k < c.k; ++k) sum.add(double{a[m * c.k + k]} * b[n * c.k + k] * scale[n]);
    return sum;
  });
  report(record("matmul_int8", name, c, "int8", Precision::float32), flops(c), Arithmetic::int8, c.threads, kernels,
         call);
}

}  // namespace
}  // namespace retort

int main(int argc, char** argv) {
  using namespace retort;
  std::printf("%s\n", describe_backend().c_str());
  if (!on_gpu()) {
    for (const Case& c : cpu_cases) {
      if (wanted(argc, argv, c.name)) run(c, DType::float32, Precision::float32, title(c, ""));
    }
    return 0;
  }
  for (const Case& c : gpu_cases) {
    for (const auto& [name, dtype, precision] :
         {std::tuple{"bf16", DType::bfloat16, Precision::float32}, std::tuple{"tf32", DType::float32, Precision::tf32},
          std::tuple{"fp32 in bf16", DType::float32, Precision::bfloat16},
          std::tuple{"fp32", DType::float32, Precision::float32}}) {
      if (wanted(argc, argv, title(c, name))) run(c, dtype, precision, title(c, name));
    }
    if (!c.transpose_a && c.transpose_b && wanted(argc, argv, title(c, "int8"))) run_int8(c);
  }
}
