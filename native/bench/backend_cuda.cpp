#include <cuda_runtime.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <stdexcept>
#include <vector>

#include "backend.h"
#include "copy_bandwidth.h"
#include "retort/library.h"

extern "C" retort::Kernels* retort_create_kernels(const retort::LibrarySettings& settings);

namespace retort {
namespace {

constexpr size_t scratch_bytes = 64 << 20, fault_bytes = 64;
// More than any GPU's second-level cache, so that a call finds nothing of the call before in it.
constexpr size_t flushed_bytes = 256 << 20;
constexpr int least_rounds = 25, most_rounds = 200;
constexpr double time_budget = 0.3;
constexpr int steps_a_round = 20;

void require(cudaError_t result) {
  if (result == cudaSuccess) return;
  std::fprintf(stderr, "cuda: %s\n", cudaGetErrorString(result));
  std::exit(1);
}

cudaDeviceProp properties() {
  cudaDeviceProp device;
  require(cudaGetDeviceProperties(&device, 0));
  return device;
}

cudaStream_t stream() {
  static const cudaStream_t only = [] {
    cudaStream_t made;
    require(cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking));
    return made;
  }();
  return only;
}

// A pair of events, and the seconds between them once the stream has come past.
class Stopwatch {
 public:
  Stopwatch() {
    require(cudaEventCreate(&begin_));
    require(cudaEventCreate(&end_));
  }
  Stopwatch(const Stopwatch&) = delete;
  ~Stopwatch() {
    cudaEventDestroy(begin_);
    cudaEventDestroy(end_);
  }
  void start() { require(cudaEventRecord(begin_, stream())); }
  void stop() { require(cudaEventRecord(end_, stream())); }
  double seconds() const {
    require(cudaEventSynchronize(end_));
    float milliseconds;
    require(cudaEventElapsedTime(&milliseconds, begin_, end_));
    return milliseconds * 1e-3;
  }

 private:
  cudaEvent_t begin_, end_;
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<int64_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

// Seconds of `timed` by events, with `before` in front of each round, outside of the time.
double median_seconds(const std::function<void()>& before, const std::function<void()>& timed) {
  Stopwatch first;
  for (int warm_up = 0; warm_up < 3; ++warm_up) {
    before();
    first.start();
    timed();
    first.stop();
  }
  const auto rounds = static_cast<size_t>(
      std::min<double>(most_rounds, std::max<double>(least_rounds, time_budget / std::max(first.seconds(), 1e-6))));
  std::vector<Stopwatch> watches(rounds);
  for (Stopwatch& watch : watches) {
    before();
    watch.start();
    timed();
    watch.stop();
  }
  std::vector<double> seconds;
  for (const Stopwatch& watch : watches) seconds.push_back(watch.seconds());
  return median(seconds);
}

// The vendor's dense rates, which no run reaches.
struct Rates {
  const char* name;
  double float32, tf32, bfloat16, int8;
};
constexpr Rates known[] = {
    {"H200", 67e12, 495e12, 989e12, 1979e12},
    {"H100", 67e12, 495e12, 989e12, 1979e12},
    {"A100", 19.5e12, 156e12, 312e12, 624e12},
};

}  // namespace

std::string describe_backend() {
  const cudaDeviceProp device = properties();
  char text[1200];
  std::snprintf(text, sizeof text, "%s, sm_%d%d, %d multiprocessors, %.0f GiB; a copy moves %.0f GB/s", device.name,
                device.major, device.minor, device.multiProcessorCount,
                static_cast<double>(device.totalGlobalMem) * 0x1p-30, peak_bandwidth() * 1e-9);
  return text;
}

bool on_gpu() { return true; }

Kernels& kernels(int32_t, Precision precision) {
  static std::map<Precision, Kernels*> made;
  Kernels*& found = made[precision];
  if (!found) {
    LibrarySettings settings;
    settings.stream = stream();
    require(cudaMalloc(&settings.scratch, scratch_bytes));
    settings.scratch_bytes = scratch_bytes;
    require(cudaHostAlloc(&settings.fault, fault_bytes, cudaHostAllocMapped));
    std::memset(settings.fault, 0, fault_bytes);
    settings.precision = precision;
    found = retort_create_kernels(settings);
  }
  return *found;
}

void* allocate_tensor(size_t bytes) {
  void* memory;
  require(cudaMalloc(&memory, bytes));
  return memory;
}
void release_tensor(void* tensor) { require(cudaFree(tensor)); }

// After every call on the kernels' stream, which does not wait for the default one's copies by itself.
void send(void* tensor, const void* host, size_t bytes) {
  require(cudaStreamSynchronize(stream()));
  require(cudaMemcpy(tensor, host, bytes, cudaMemcpyHostToDevice));
}
void fetch(void* host, const void* tensor, size_t bytes) {
  require(cudaStreamSynchronize(stream()));
  require(cudaMemcpy(host, tensor, bytes, cudaMemcpyDeviceToHost));
}

double seconds_of(Kernels& kernels, const std::function<void()>& call) {
  static void* const flushed = allocate_tensor(flushed_bytes);
  const double seconds = median_seconds([] { require(cudaMemsetAsync(flushed, 0, flushed_bytes, stream())); }, call);
  kernels.synchronize();
  return seconds;
}

double seconds_of_step(Kernels& kernels, const std::function<void()>& calls) {
  calls();
  kernels.synchronize();
  cudaGraph_t graph;
  cudaGraphExec_t program;
  require(cudaStreamBeginCapture(stream(), cudaStreamCaptureModeThreadLocal));
  calls();
  require(cudaStreamEndCapture(stream(), &graph));
  require(cudaGraphInstantiate(&program, graph, 0));
  const double seconds = median_seconds([] {},
                                        [=] {
                                          for (int step = 0; step < steps_a_round; ++step) {
                                            require(cudaGraphLaunch(program, stream()));
                                          }
                                        });
  kernels.synchronize();
  require(cudaGraphExecDestroy(program));
  require(cudaGraphDestroy(graph));
  return seconds / steps_a_round;
}

double peak_flops(Arithmetic arithmetic, int32_t) {
  static const std::string name = properties().name;
  for (const Rates& rates : known) {
    if (name.find(rates.name) == std::string::npos) continue;
    return arithmetic == Arithmetic::float32    ? rates.float32
           : arithmetic == Arithmetic::tf32     ? rates.tf32
           : arithmetic == Arithmetic::bfloat16 ? rates.bfloat16
                                                : rates.int8;
  }
  return 0;
}

double peak_bandwidth() {
  static const double measured = copy_bandwidth();
  return measured;
}

}  // namespace retort
