// Where a running index stands along each of several dimensions, without the device's slow division.
#pragma once

#include "platform.cuh"
#include "retort/tensor_view.h"

namespace retort {
namespace RETORT_ISA {

// Tensors up to this size are indexed in 32 bits. The least that simt's tests reach on both sides.
#ifdef __CUDACC__
constexpr int64_t most_narrow = 0x7fffffff;
#else
constexpr int64_t most_narrow = 16000;
#endif

// n / divisor for 0 ≤ n ≤ most_narrow by one product (Granlund, Montgomery 1994); in 64 bits by division.
template <typename Index>
struct Division;

template <>
struct Division<uint32_t> {
  uint32_t divisor = 1, multiplier = 1, shift = 0;

  Division() = default;
  explicit Division(int64_t by) : divisor(static_cast<uint32_t>(by)) {
    while ((int64_t{1} << shift) < by) ++shift;
    const uint64_t over = (uint64_t{1} << shift) - divisor;
    multiplier = static_cast<uint32_t>((over << 32) / divisor + 1);
  }
  // The product's upper half is at most n, and n is below 2^31: the sum does not wrap.
  __device__ __forceinline__ uint32_t of(uint32_t n) const { return (__umulhi(n, multiplier) + n) >> shift; }

  __device__ __forceinline__ int32_t quotient(int32_t n) const {
    return static_cast<int32_t>(of(static_cast<uint32_t>(n)));
  }
  // n = quotient·divisor + the result.
  __device__ __forceinline__ int32_t remainder(int32_t n, int32_t quotient) const {
    return n - quotient * static_cast<int32_t>(divisor);
  }
};

template <>
struct Division<int64_t> {
  int64_t divisor = 1;

  Division() = default;
  explicit Division(int64_t by) : divisor(by) {}
  __device__ __forceinline__ int64_t of(int64_t n) const { return n / divisor; }
};

// Dimensions, innermost first, and the step along each.
template <typename Index>
struct Places {
  int32_t count = 0;
  Division<Index> size[TensorView::max_rank];
  Index step[TensorView::max_rank];

  Places() = default;
  Places(int32_t count_, const int64_t* sizes, const int64_t* steps) : count(count_) {
    for (int32_t d = 0; d < count; ++d) {
      size[d] = Division<Index>(sizes[d]);
      step[d] = static_cast<Index>(steps[d]);
    }
  }

  // Where place i stands, counted along the dimensions.
  __device__ __forceinline__ int64_t offset(int64_t i) const {
    Index rest = static_cast<Index>(i), at = 0;
#pragma unroll
    for (int32_t d = 0; d < TensorView::max_rank; ++d) {
      if (d + 1 >= count) break;
      const Index next = size[d].of(rest);
      at += (rest - next * size[d].divisor) * step[d];
      rest = next;
    }
    // The last dimension takes what is left; without a dimension there is place 0 alone.
    return static_cast<int64_t>(count == 0 ? at : at + rest * step[count - 1]);
  }
};

}  // namespace RETORT_ISA
}  // namespace retort
