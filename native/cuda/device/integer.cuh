// The lesser and the greater of two integers.
#pragma once

#include "platform.cuh"

namespace retort {
namespace RETORT_ISA {

__device__ __forceinline__ int32_t lesser(int32_t a, int32_t b) { return a < b ? a : b; }
__device__ __forceinline__ int32_t greater(int32_t a, int32_t b) { return a > b ? a : b; }

}  // namespace RETORT_ISA
}  // namespace retort
