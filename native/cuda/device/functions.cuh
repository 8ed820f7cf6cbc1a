// Functions of one float. NaN stays NaN in each of them.
#pragma once

#include "platform.cuh"

namespace retort {
namespace RETORT_ISA {

__device__ __forceinline__ float relu(float x) { return x <= 0.0f ? 0.0f : x; }

__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

// x·Φ(x), right in the far tail too. Beyond -15 Φ is 0 as a float, and -infinity times 0 would be NaN.
__device__ __forceinline__ float gelu(float x) {
  const float bounded = x < -15.0f ? -15.0f : x;
  return bounded * normcdff(bounded);
}

// Φ(x) + x·φ(x), φ(x) = e^(−x²/2)/sqrt(2π).
__device__ __forceinline__ float gelu_slope(float x) {
  const float bounded = x < -15.0f ? -15.0f : (x > 15.0f ? 15.0f : x);
  return normcdff(bounded) + bounded * (0.398942280f * expf(-0.5f * bounded * bounded));
}

}  // namespace RETORT_ISA
}  // namespace retort
