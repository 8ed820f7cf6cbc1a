// The workshop's manner: first check against sums in double, then time, then print the share of the limit.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "retort/cpu.h"

namespace retort {

// A tensor that owns its memory; values are uniform in [-1, 1) by a fixed seed.
class Owned {
 public:
  explicit Owned(const std::vector<int64_t>& dims) {
    int64_t size = 1;
    for (int64_t dim : dims) size *= dim;
    memory_.reset(static_cast<float*>(std::aligned_alloc(64, static_cast<size_t>((size + 15) / 16 * 64))));
    std::mt19937 generator(static_cast<uint32_t>(size));
    std::uniform_real_distribution<float> values(-1, 1);
    for (int64_t i = 0; i < size; ++i) memory_[i] = values(generator);
    view = TensorView(memory_.get(), DType::float32, static_cast<int32_t>(dims.size()), dims.data());
  }

  float& operator[](int64_t i) { return memory_[i]; }
  float operator[](int64_t i) const { return memory_[i]; }

  TensorView view;

 private:
  struct Free {
    void operator()(float* memory) const { std::free(memory); }
  };
  std::unique_ptr<float[], Free> memory_;
};

// The value and the sum of magnitudes that its rounding error is measured by.
struct Reference {
  double value = 0, magnitude = 0;

  void add(double term) {
    value += term;
    magnitude += std::fabs(term);
  }
};

// Ends the program at the first wrong value.
inline void check(const std::string& name, int64_t at, float got, const Reference& reference) {
  if (std::fabs(got - reference.value) <= 1e-6 + 2e-6 * reference.magnitude) return;
  std::printf("%s: wrong at %lld: %.9g, not %.9g\n", name.c_str(), static_cast<long long>(at), got, reference.value);
  std::exit(1);
}

// Seconds of one call: the best of many rounds, since whatever else runs only adds.
template <typename Call>
double best_seconds(const Call& call) {
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
  }
  return best;
}

// One core's GFLOP/s in fp32; RETORT_PEAK_GFLOPS where the machine is another one.
inline double peak_gflops() {
  const char* given = std::getenv("RETORT_PEAK_GFLOPS");
  return given ? std::atof(given) : 276;
}

template <typename Call>
void report(const std::string& name, double flops, int32_t threads, const Call& call) {
  const double seconds = best_seconds(call);
  const double gflops = flops / seconds * 1e-9;
  std::printf("%-56s %d thread%s %10.2f us %8.1f GFLOP/s %5.1f %% of peak\n", name.c_str(), threads,
              threads == 1 ? " " : "s", seconds * 1e6, gflops, 100 * gflops / (peak_gflops() * threads));
  std::fflush(stdout);
}

// What memory gives to all cores together; RETORT_PEAK_GBS where the machine is another one.
inline double peak_gigabytes() {
  const char* given = std::getenv("RETORT_PEAK_GBS");
  return given ? std::atof(given) : 42;
}

// For work that moves bytes; what stays in the caches may pass the limit.
template <typename Call>
void report_bytes(const std::string& name, double bytes, int32_t threads, const Call& call) {
  const double seconds = best_seconds(call);
  const double gigabytes = bytes / seconds * 1e-9;
  std::printf("%-56s %d thread%s %10.2f us %8.1f GB/s %5.1f %% of memory\n", name.c_str(), threads,
              threads == 1 ? " " : "s", seconds * 1e6, gigabytes, 100 * gigabytes / peak_gigabytes());
  std::fflush(stdout);
}

}  // namespace retort
