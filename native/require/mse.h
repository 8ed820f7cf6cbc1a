#pragma once

#include "require.h"

namespace retort {
namespace RETORT_ISA {

inline void require_mse(const TensorView& x, const TensorView& target, const TensorView& loss, const TensorView& dx) {
  const char* op = "mse";
  require_dtype(op, "x", x);
  require_dtype(op, "target", target);
  require_dtype(op, "dx", dx);
  require_one_shape(op, "x and target", x, target);
  require_one_shape(op, "x and dx", x, dx);
  require_vector(op, "loss", loss, 1);
}

}  // namespace RETORT_ISA
}  // namespace retort
