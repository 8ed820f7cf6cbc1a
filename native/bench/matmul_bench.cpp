// matmul against the processor's peak: the products of the teacher's and the student's training and answering.
#include <cstring>

#include "bench.h"

namespace retort {
namespace {

struct Case {
  const char* name;
  int64_t m, n, k;
  bool transpose_a, transpose_b;
  int32_t threads;
};

const Case cases[] = {
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

void run(const Case& c) {
  const Owned a(c.transpose_a ? std::vector<int64_t>{c.k, c.m} : std::vector<int64_t>{c.m, c.k});
  const Owned b(c.transpose_b ? std::vector<int64_t>{c.n, c.k} : std::vector<int64_t>{c.k, c.n});
  const Owned bias({c.n});
  Owned y({c.m, c.n});
  const std::unique_ptr<Kernels> kernels(create_cpu_kernels(c.threads));
  const auto call = [&] {
    kernels->matmul(a.view, b.view, &bias.view, y.view, c.transpose_a, c.transpose_b, Activation::none);
  };
  call();
  std::mt19937_64 generator(1);
  for (int i = 0; i < 300; ++i) {
    const int64_t at = static_cast<int64_t>(generator() % static_cast<uint64_t>(c.m * c.n)), m = at / c.n, n = at % c.n;
    Reference sum;
    sum.add(bias[n]);
    for (int64_t k = 0; k < c.k; ++k) {
      const double left = a[c.transpose_a ? k * c.m + m : m * c.k + k];
      sum.add(left * b[c.transpose_b ? n * c.k + k : k * c.n + n]);
    }
    check(c.name, at, y[at], sum);
  }
  char name[100];
  std::snprintf(name, sizeof name, "%s %lld x %lld x %lld", c.name, static_cast<long long>(c.m),
                static_cast<long long>(c.n), static_cast<long long>(c.k));
  report(name, 2.0 * static_cast<double>(c.m * c.n * c.k), c.threads, call);
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
