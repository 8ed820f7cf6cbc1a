#pragma once

#include "require.h"

namespace retort {
namespace RETORT_ISA {

inline void require_dropout(const TensorView& x, const TensorView& seed, const TensorView& y, float rate) {
  const char* op = "dropout";
  require_dtype(op, "x", x);
  require_vector(op, "seed", seed, 2, DType::int32);
  require_dtype(op, "y", y);
  require_one_shape(op, "x and y", x, y);
  if (!(rate >= 0.0f && rate < 1.0f)) refuse(op, "rate must be in [0, 1)", rate);
}

}  // namespace RETORT_ISA
}  // namespace retort
