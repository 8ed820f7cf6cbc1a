// What a broadcast asks, and the loops that it is.
#pragma once

#include "require.h"
#include "retort/kernels.h"

namespace retort {
namespace RETORT_ISA {

// The loop nest of a broadcast, innermost first; neighbours that a and b treat alike are one. A step of 0 repeats.
struct Nest {
  int32_t depth = 0;
  int64_t size[TensorView::max_rank], step_a[TensorView::max_rank], step_b[TensorView::max_rank];
};

inline bool is_scalar(const TensorView& tensor) { return tensor.rank == 1 && tensor.dims[0] == 1; }

inline void require_broadcast(const char* op, const char* name, const TensorView& operand, const TensorView& y) {
  if (is_scalar(operand)) return;
  bool fits = operand.rank == y.rank;
  for (int32_t i = 0; fits && i < y.rank; ++i) fits = operand.dims[i] == y.dims[i] || operand.dims[i] == 1;
  if (!fits) refuse(op, std::string(name) + " must broadcast to y", describe(operand), " to ", describe(y));
}

inline void require_binary(const TensorView& a, const TensorView& b, const TensorView& y, BinaryOp op) {
  const char* name = "binary";
  require_dtype(name, "a", a);
  require_dtype(name, "b", b);
  require_dtype(name, "y", y);
  require_broadcast(name, "a", a, y);
  require_broadcast(name, "b", b, y);
  if (op < BinaryOp::add || op > BinaryOp::minimum) refuse(name, "op must be 0 to 5", static_cast<int32_t>(op));
}

inline Nest nest_of(const TensorView& a, const TensorView& b, const TensorView& y) {
  Nest nest;
  int64_t stride_a = 1, stride_b = 1;
  for (int32_t i = y.rank - 1; i >= 0; --i) {
    const int64_t dim_a = is_scalar(a) ? 1 : a.dims[i], dim_b = is_scalar(b) ? 1 : b.dims[i];
    const int64_t step_a = dim_a == 1 ? 0 : stride_a, step_b = dim_b == 1 ? 0 : stride_b;
    stride_a *= dim_a;
    stride_b *= dim_b;
    if (y.dims[i] == 1) continue;
    const int32_t top = nest.depth - 1;
    if (top >= 0 && (step_a == 0) == (nest.step_a[top] == 0) && (step_b == 0) == (nest.step_b[top] == 0)) {
      nest.size[top] *= y.dims[i];
      continue;
    }
    nest.size[nest.depth] = y.dims[i];
    nest.step_a[nest.depth] = step_a;
    nest.step_b[nest.depth++] = step_b;
  }
  if (nest.depth == 0) {
    nest.size[0] = 1;
    nest.step_a[0] = nest.step_b[0] = 0;
    nest.depth = 1;
  }
  return nest;
}

}  // namespace RETORT_ISA
}  // namespace retort
