// What a product or a convolution does to its sums on the way out.
#pragma once

#include "platform.cuh"
#include "retort/kernels.h"

namespace retort {
namespace RETORT_ISA {

// relu keeps NaN; gelu by erfc, which loses nothing where x is far below zero.
__device__ __forceinline__ float activate(float x, Activation activation) {
  if (activation == Activation::relu) return x < 0 ? 0.0f : x;
  if (activation == Activation::gelu) return 0.5f * x * erfcf(-0.70710678f * x);
  return x;
}

}  // namespace RETORT_ISA
}  // namespace retort
