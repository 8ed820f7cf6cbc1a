// A pooling, and one plane of it, for whoever pools.
#pragma once

#include "require/pooling.h"
#include "retort/kernels.h"
#include "split.h"

namespace retort {
namespace RETORT_ISA {

struct Pooling : PoolingShape {
  int64_t grain() const { return ceil_div(chunk_elements, plane()); }
};

// One plane's maxima, and, where index is not null, their places.
void max_pool_plane(const Pooling& p, const float* x, float* y, int32_t* index);

}  // namespace RETORT_ISA
}  // namespace retort
