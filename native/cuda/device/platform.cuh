// CUDA by nvcc, or by g++ and simt; and the one way to launch a kernel.
#pragma once

#ifdef __CUDACC__
#include <cuda_runtime.h>
#else
#include "simt.h"
#endif

#include <cstdint>

#ifdef __CUDACC__
// A block's shared memory, as many bytes as the launch gave it; 1024 is what swizzled bulk copies ask for.
#define RETORT_SHARED(type, name)                                  \
  extern __shared__ __align__(1024) unsigned char retort_shared[]; \
  type* const name = reinterpret_cast<type*>(retort_shared)
#else
#define RETORT_SHARED(type, name) type* const name = static_cast<type*>(::retort::simt::dynamic_shared())
#endif

namespace retort {
namespace RETORT_ISA {

constexpr uint32_t whole_warp = 0xffffffffu;
constexpr int32_t warp_size = 32;

#ifdef __CUDACC__
// Throws std::runtime_error with CUDA's own words.
void require_launched(cudaError_t result);

// Blocks may use more than this only by a function's attribute.
constexpr size_t shared_without_asking = 48 << 10;

template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t stream,
            Arguments... arguments) {
  if (shared_bytes > shared_without_asking) {
    require_launched(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                                          cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes)));
  }
  kernel<<<grid, block, shared_bytes, stream>>>(static_cast<Parameters>(arguments)...);
  require_launched(cudaGetLastError());
}
#else
template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t,
            Arguments... arguments) {
  const auto call = [=] { kernel(static_cast<Parameters>(arguments)...); };
  simt::launch(grid, block, shared_bytes, &call, sizeof(call),
               [](const void* parameters) { (*static_cast<const decltype(call)*>(parameters))(); });
}
#endif

}  // namespace RETORT_ISA
}  // namespace retort
