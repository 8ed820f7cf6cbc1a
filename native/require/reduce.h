// What a reduction asks, and the loops that it is.
#pragma once

#include "require.h"
#include "retort/kernels.h"

namespace retort {
namespace RETORT_ISA {

// Some of x's dimensions, innermost first, neighbours of one kind merged, sizes of 1 left out.
struct Dims {
  int32_t count = 0;
  int64_t size[TensorView::max_rank] = {}, stride[TensorView::max_rank] = {};

  void add(int64_t dim, int64_t step) {
    size[count] = dim;
    stride[count++] = step;
  }
  int64_t places() const {
    int64_t n = 1;
    for (int32_t d = 0; d < count; ++d) n *= size[d];
    return n;
  }
  // Where place i stands in x.
  int64_t offset(int64_t i) const {
    int64_t at = 0;
    for (int32_t d = 0; d < count; ++d) {
      at += i % size[d] * stride[d];
      i /= size[d];
    }
    return at;
  }
};

struct Reduction {
  Dims kept, reduced;
  // Whether x's innermost dimension is one of the kept.
  bool last_kept = false;
};

inline bool reduces_all(const TensorView& y) { return y.rank == 1 && y.dims[0] == 1; }

inline void require_reduce(const TensorView& x, const TensorView& y, ReduceOp op) {
  const char* name = "reduce";
  require_dtype(name, "x", x);
  require_dtype(name, "y", y);
  if (op < ReduceOp::sum || op > ReduceOp::sum_of_squares) {
    refuse(name, "op must be 0 to 3", static_cast<int32_t>(op));
  }
  bool fits = reduces_all(y) || x.rank == y.rank;
  for (int32_t i = 0; fits && !reduces_all(y) && i < x.rank; ++i) fits = y.dims[i] == x.dims[i] || y.dims[i] == 1;
  if (!fits) refuse(name, "y must be [1] or have x's dimension or 1 in every place", describe(x), " to ", describe(y));
}

inline Reduction reduction_of(const TensorView& x, const TensorView& y) {
  Reduction result;
  int64_t stride = 1;
  int32_t kind = -1;
  for (int32_t i = x.rank - 1; i >= 0; --i) {
    if (x.dims[i] == 1) continue;
    const int32_t keep = !reduces_all(y) && y.dims[i] != 1;
    Dims& dims = keep != 0 ? result.kept : result.reduced;
    if (kind < 0) result.last_kept = keep != 0;
    if (kind == keep) {
      dims.size[dims.count - 1] *= x.dims[i];
    } else {
      dims.add(x.dims[i], stride);
    }
    kind = keep;
    stride *= x.dims[i];
  }
  return result;
}

}  // namespace RETORT_ISA
}  // namespace retort
