// What a product or a convolution does to its sums on the way out.
#pragma once

#include "functions.cuh"
#include "retort/kernels.h"

namespace retort {
namespace RETORT_ISA {

__device__ __forceinline__ float activate(float x, Activation activation) {
  if (activation == Activation::relu) return relu(x);
  if (activation == Activation::gelu) return gelu(x);
  return x;
}

}  // namespace RETORT_ISA
}  // namespace retort
