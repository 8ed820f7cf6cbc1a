// Sums and maxima of a warp or a block, in an order that does not depend on the run.
#pragma once

#include "platform.cuh"

namespace retort {
namespace RETORT_ISA {

struct Add {
  template <typename T>
  __device__ T operator()(T a, T b) const {
    return a + b;
  }
};

// NaN wins.
struct Greater {
  __device__ float operator()(float a, float b) const { return a > b || a != a ? a : b; }
};

template <typename T, typename Combine>
__device__ __forceinline__ T warp_reduce(T value, const Combine& combine) {
#pragma unroll
  for (int32_t bits = warp_size / 2; bits > 0; bits /= 2) {
    value = combine(value, __shfl_xor_sync(whole_warp, value, bits));
  }
  return value;
}

// Over a block of `threads` threads in one dimension: every thread gets the result. partial: threads / 32 values in
// shared memory, free for use again after the caller's next barrier.
template <int32_t threads, typename T, typename Combine>
__device__ __forceinline__ T block_reduce(T value, T* partial, const Combine& combine) {
  constexpr int32_t warps = threads / warp_size;
  value = warp_reduce(value, combine);
  if (warps == 1) return value;
  if (threadIdx.x % warp_size == 0) partial[threadIdx.x / warp_size] = value;
  // Every warp's share must be there before any is read.
  __syncthreads();
  value = partial[0];
#pragma unroll
  for (int32_t i = 1; i < warps; ++i) value = combine(value, partial[i]);
  return value;
}

}  // namespace RETORT_ISA
}  // namespace retort
