#pragma once

#include "require.h"
#include "retort/kernels.h"

namespace retort {
namespace RETORT_ISA {

inline void require_unary_op(const char* name, UnaryOp op) {
  if (op < UnaryOp::relu || op > UnaryOp::huber) refuse(name, "op must be 0 to 11", static_cast<int32_t>(op));
}

inline void require_unary_forward(const TensorView& x, const TensorView& y, UnaryOp op) {
  const char* name = "unary_forward";
  require_dtype(name, "x", x);
  require_dtype(name, "y", y);
  require_one_shape(name, "x and y", x, y);
  require_unary_op(name, op);
}

inline void require_unary_backward(const TensorView& x, const TensorView& y, const TensorView& dy, const TensorView& dx,
                                   UnaryOp op) {
  const char* name = "unary_backward";
  require_dtype(name, "x", x);
  require_dtype(name, "y", y);
  require_dtype(name, "dy", dy);
  require_dtype(name, "dx", dx);
  require_one_shape(name, "x and dy", x, dy);
  require_one_shape(name, "y and dy", y, dy);
  require_one_shape(name, "dy and dx", dy, dx);
  require_unary_op(name, op);
}

}  // namespace RETORT_ISA
}  // namespace retort
