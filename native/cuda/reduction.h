// A reduction as launches, for the ops that are one: reduce and bias_backward.
#pragma once

#include "device/platform.cuh"
#include "require/reduce.h"

namespace retort {
namespace RETORT_ISA {

// scratch: memory for the parts of results whose terms are shared by several blocks; `processors` tells how many blocks
// are enough.
void launch_reduction(const Reduction& shape, const float* x, float* y, ReduceOp op, void* scratch,
                      int64_t scratch_bytes, int32_t processors, cudaStream_t stream);

}  // namespace RETORT_ISA
}  // namespace retort
