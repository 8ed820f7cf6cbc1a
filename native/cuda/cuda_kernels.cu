// The life of the backend: its settings, its scratch memory, and the faults that kernels noted.
#include "cuda_kernels.h"

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace retort {
namespace RETORT_ISA {

#ifdef __CUDACC__
void require_launched(cudaError_t result) {
  if (result == cudaSuccess) return;
  throw std::runtime_error(std::string("[cuda] a call must succeed: ") + cudaGetErrorName(result) + ", " +
                           cudaGetErrorString(result));
}
#endif

CudaKernels::CudaKernels(const LibrarySettings& settings)
    : stream_(static_cast<cudaStream_t>(settings.stream)),
      scratch_(settings.scratch),
      scratch_bytes_(settings.scratch_bytes),
      fault_(static_cast<ValueFault*>(settings.fault)),
      precision_(settings.precision) {
#ifdef __CUDACC__
  int device = 0, major = 0, minor = 0, processors = 0;
  require_launched(cudaGetDevice(&device));
  require_launched(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device));
  require_launched(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device));
  require_launched(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device));
  architecture_ = 10 * major + minor;
  processors_ = processors;
#else
  // As an H200 says of itself, where the library is asked for Hopper's kernels; few processors, so that loops over work
  // that is left take more than one round.
  const char* architecture = std::getenv("RETORT_SIMT_ARCHITECTURE");
  architecture_ = architecture ? std::atoi(architecture) : 80;
  processors_ = 3;
#endif
}

void CudaKernels::synchronize() {
#ifdef __CUDACC__
  require_launched(cudaStreamSynchronize(stream_));
#endif
  const ValueFault fault = *fault_;
  *fault_ = {};
  switch (fault.what) {
    case Refused::nothing:
      return;
    case Refused::label:
      refuse(fault.op, "labels must be in [0, " + std::to_string(fault.bound) + ")", static_cast<int64_t>(fault.value),
             " in row ", fault.place);
    case Refused::temperature:
      refuse(fault.op, "temperature must be over 0 and finite", fault.value);
    case Refused::index:
      refuse(fault.op, "indices must be in [0, " + std::to_string(fault.bound) + ")", static_cast<int64_t>(fault.value),
             " at place ", fault.place);
    case Refused::step:
      refuse(fault.op, "step must be 1 or more", fault.value);
    case Refused::place:
      refuse(fault.op, "index must lie in its plane of " + std::to_string(fault.bound), fault.value);
  }
}

}  // namespace RETORT_ISA
}  // namespace retort

extern "C" __attribute__((visibility("default"))) retort::Kernels* retort_create_kernels(
    const retort::LibrarySettings& settings) {
  return new retort::RETORT_ISA::CudaKernels(settings);
}
