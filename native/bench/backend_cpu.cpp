#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "backend.h"
#include "retort/cpu.h"

namespace retort {
namespace {

double of_environment(const char* name, double otherwise) {
  const char* given = std::getenv(name);
  return given ? std::atof(given) : otherwise;
}

}  // namespace

std::string describe_backend() { return describe_cpu(); }

// RETORT_BENCH_CASES=gpu: the GPU's cases, to try the programs where there is none.
bool on_gpu() {
  const char* cases = std::getenv("RETORT_BENCH_CASES");
  return cases && std::strcmp(cases, "gpu") == 0;
}

Kernels& kernels(int32_t threads, Precision) {
  static const std::unique_ptr<Kernels> one(create_cpu_kernels(1)), two(create_cpu_kernels(2));
  return threads == 1 ? *one : *two;
}

void* allocate_tensor(size_t bytes) { return std::aligned_alloc(64, (bytes + 63) / 64 * 64); }
void release_tensor(void* tensor) { std::free(tensor); }
void send(void* tensor, const void* host, size_t bytes) { std::memcpy(tensor, host, bytes); }
void fetch(void* host, const void* tensor, size_t bytes) { std::memcpy(host, tensor, bytes); }

double seconds_of(Kernels&, const std::function<void()>& call) {
  using Clock = std::chrono::steady_clock;
  const auto seconds = [](Clock::duration d) { return std::chrono::duration<double>(d).count(); };
  const auto start = Clock::now();
  call();
  const double first = seconds(Clock::now() - start);
  const int64_t calls = std::max<int64_t>(1, static_cast<int64_t>(100e-6 / first));
  double best = first;
  for (int round = 0; round < 10 || seconds(Clock::now() - start) < 0.3; ++round) {
    const auto begin = Clock::now();
    for (int64_t i = 0; i < calls; ++i) call();
    best = std::min(best, seconds(Clock::now() - begin) / static_cast<double>(calls));
    if (first > 1) break;
  }
  return best;
}

double seconds_of_step(Kernels& kernels, const std::function<void()>& calls) { return seconds_of(kernels, calls); }

// One core's in fp32; RETORT_PEAK_GFLOPS where the machine is another one.
double peak_flops(Arithmetic, int32_t threads) { return of_environment("RETORT_PEAK_GFLOPS", 276) * 1e9 * threads; }

// What memory gives to all cores together; RETORT_PEAK_GBS where the machine is another one.
double peak_bandwidth() { return of_environment("RETORT_PEAK_GBS", 42) * 1e9; }

}  // namespace retort
