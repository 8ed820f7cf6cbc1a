// The kernels on the machine's first GPU; tensors lie in memory that CUDA moves to whoever touches it.
#include <cuda_runtime.h>

#include <memory>
#include <stdexcept>

#include "backend.h"
#include "retort/library.h"

extern "C" retort::Kernels* retort_create_kernels(const retort::LibrarySettings& settings);

namespace retort {
namespace {

constexpr size_t scratch_bytes = 32 << 20, fault_bytes = 64;

void require(cudaError_t result) {
  if (result != cudaSuccess) throw std::runtime_error(cudaGetErrorString(result));
}

// One for all backends: a test waits for one of them before it reads what another wrote.
cudaStream_t stream() {
  static const cudaStream_t only = [] {
    cudaStream_t made;
    require(cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking));
    return made;
  }();
  return only;
}

// Lives as long as the process.
struct Backend {
  explicit Backend(Precision precision) {
    LibrarySettings settings;
    settings.stream = stream();
    require(cudaMalloc(&settings.scratch, scratch_bytes));
    settings.scratch_bytes = scratch_bytes;
    require(cudaHostAlloc(&settings.fault, fault_bytes, cudaHostAllocMapped));
    for (size_t i = 0; i < fault_bytes; ++i) static_cast<unsigned char*>(settings.fault)[i] = 0;
    settings.precision = precision;
    kernels = retort_create_kernels(settings);
  }

  Kernels* kernels;
};

}  // namespace

std::string describe_backend() {
  int count = 0;
  require(cudaGetDeviceCount(&count));
  if (count == 0) throw std::runtime_error("the machine has no CUDA device");
  cudaDeviceProp device;
  require(cudaGetDeviceProperties(&device, 0));
  return std::string("cuda: ") + device.name + ", sm_" + std::to_string(10 * device.major + device.minor) + ", " +
         std::to_string(device.multiProcessorCount) + " multiprocessors";
}

Kernels& kernels(int32_t) { return kernels(Precision::float32); }

Kernels& kernels(Precision precision) {
  static Backend float32(Precision::float32), tf32(Precision::tf32), bfloat16(Precision::bfloat16);
  return *(precision == Precision::float32 ? float32 : precision == Precision::tf32 ? tf32 : bfloat16).kernels;
}

void* allocate_tensor(size_t bytes) {
  void* memory;
  require(cudaMallocManaged(&memory, bytes));
  return memory;
}

// cudaFree waits for the device first, so that the memory's last kernel has ended.
void release_tensor(void* memory) { cudaFree(memory); }

}  // namespace retort
