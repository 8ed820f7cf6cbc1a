// y = a op b along a nest of loops, for the ops that are one: binary and bias_forward.
#pragma once

#include "device/platform.cuh"
#include "require/binary.h"

namespace retort {
namespace RETORT_ISA {

void launch_broadcast(const TensorView& a, const TensorView& b, TensorView& y, BinaryOp op, cudaStream_t stream);

}  // namespace RETORT_ISA
}  // namespace retort
