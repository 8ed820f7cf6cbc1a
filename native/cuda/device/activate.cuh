// What a product or a convolution does to its sums on the way out.
#pragma once

#include "functions.cuh"
#include "retort/kernels.h"

namespace retort {
namespace RETORT_ISA {

__device__ __forceinline__ float activate(float x, Activation activation) {
  if (activation == Activation::relu) return relu(x);
  // By erfc: functions.cuh's gelu takes more registers than a tile's kernel has left.
  if (activation == Activation::gelu) return 0.5f * x * erfcf(-0.70710678f * x);
  return x;
}

}  // namespace RETORT_ISA
}  // namespace retort
