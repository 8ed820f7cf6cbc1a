// Permutations that move x's last axis from its place.
#pragma once

#include "device/platform.cuh"
#include "require/copy.h"

namespace retort {
namespace RETORT_ISA {

// The axis of y that is x's last, where that is not y's last; −1 else.
inline int32_t transposed_axis(const Axes& axes) {
  for (int32_t i = 0; i < axes.count - 1; ++i) {
    if (axes.x_stride[i] == 1) return i;
  }
  return -1;
}

void launch_transposition(const TensorView& x, TensorView& y, const Axes& axes, int32_t across, cudaStream_t stream);

}  // namespace RETORT_ISA
}  // namespace retort
