// What the ops that move values ask, and the loops that they are.
#pragma once

#include "require.h"

namespace retort {
namespace RETORT_ISA {

inline void require_one_dtype(const char* op, const TensorView& x, const TensorView& y) {
  if (x.dtype != y.dtype) {
    refuse(op, "x and y must have one element type", describe(x), " and ", describe(y));
  }
}

inline void require_fill(const TensorView& y, float value) {
  const char* op = "fill";
  require_tensor(op, "y", y);
  switch (y.dtype) {
    case DType::float32:
    case DType::bfloat16:
      return;
    case DType::int32:
      if (!(value >= -2147483648.0f && value < 2147483648.0f)) refuse(op, "value must fit int32", value);
      return;
    case DType::uint8:
      if (!(value >= 0.0f && value < 256.0f)) refuse(op, "value must fit uint8", value);
      return;
    case DType::int8:
      if (!(value >= -128.0f && value < 128.0f)) refuse(op, "value must fit int8", value);
      return;
  }
  refuse(op, "element type must be 0 to 4", static_cast<int32_t>(y.dtype));
}

inline void require_cast(const TensorView& x, const TensorView& y) {
  const char* op = "cast";
  require_tensor(op, "x", x);
  require_tensor(op, "y", y);
  const bool narrows = x.dtype == DType::float32 && y.dtype == DType::bfloat16;
  const bool widens = x.dtype == DType::bfloat16 && y.dtype == DType::float32;
  if (!narrows && !widens) refuse(op, "x and y must be float32 and bfloat16", describe(x), " to ", describe(y));
  require_one_shape(op, "x and y", x, y);
}

inline void require_permute(const TensorView& x, const TensorView& y, const int32_t* permutation) {
  const char* op = "permute";
  require_tensor(op, "x", x);
  require_tensor(op, "y", y);
  require_one_dtype(op, x, y);
  if (permutation == nullptr) refuse(op, "permutation must be given", "null");
  bool fits = x.rank == y.rank;
  bool seen[TensorView::max_rank] = {};
  for (int32_t i = 0; fits && i < x.rank; ++i) {
    const int32_t from = permutation[i];
    fits = from >= 0 && from < x.rank && !seen[from];
    if (!fits) refuse(op, "permutation must name each dimension of x once", "entry ", i, " is ", from);
    seen[from] = true;
    fits = y.dims[i] == x.dims[from];
  }
  if (!fits) refuse(op, "y must have x's dimensions in the order of permutation", describe(x), " to ", describe(y));
}

// y's dimensions, outermost first, and how far x and y move along each; neighbours that stay neighbours are one.
struct Axes {
  int32_t count = 0;
  int64_t size[TensorView::max_rank], x_stride[TensorView::max_rank], y_stride[TensorView::max_rank];
};

inline Axes axes_of(const TensorView& x, const int32_t* permutation) {
  int64_t strides[TensorView::max_rank];
  int64_t stride = 1;
  for (int32_t i = x.rank - 1; i >= 0; --i) {
    strides[i] = stride;
    stride *= x.dims[i];
  }
  Axes axes;
  for (int32_t i = 0; i < x.rank; ++i) {
    const int64_t dim = x.dims[permutation[i]], step = strides[permutation[i]];
    if (dim == 1) continue;
    if (axes.count > 0 && axes.x_stride[axes.count - 1] == step * dim) {
      axes.size[axes.count - 1] *= dim;
      axes.x_stride[axes.count - 1] = step;
      continue;
    }
    axes.size[axes.count] = dim;
    axes.x_stride[axes.count++] = step;
  }
  int64_t y_stride = 1;
  for (int32_t i = axes.count - 1; i >= 0; --i) {
    axes.y_stride[i] = y_stride;
    y_stride *= axes.size[i];
  }
  return axes;
}

// A slice as `outer` rows of bytes that lie x_row and y_row bytes apart, from x_start and y_start on.
struct Slice {
  int64_t outer, bytes, x_row, y_row, x_start, y_start;
};

inline Slice require_copy_slice(const TensorView& x, const TensorView& y, int32_t axis, int64_t x_start,
                                int64_t y_start, int64_t length) {
  const char* op = "copy_slice";
  require_tensor(op, "x", x);
  require_tensor(op, "y", y);
  require_one_dtype(op, x, y);
  if (axis < 0 || axis >= x.rank) refuse(op, "axis must be a dimension of x", axis, " of ", describe(x));
  bool fits = x.rank == y.rank;
  for (int32_t i = 0; fits && i < x.rank; ++i) fits = i == axis || x.dims[i] == y.dims[i];
  if (!fits) {
    refuse(op, "x and y must agree in every dimension but " + std::to_string(axis), describe(x), " and ", describe(y));
  }
  if (x_start < 0 || length < 0 || x_start > x.dims[axis] - length) {
    refuse(op, "the slice must lie in x", length, " from ", x_start, " of ", x.dims[axis]);
  }
  if (y_start < 0 || y_start > y.dims[axis] - length) {
    refuse(op, "the slice must lie in y", length, " from ", y_start, " of ", y.dims[axis]);
  }
  int64_t inner = width_of(x.dtype), outer = 1;
  for (int32_t i = 0; i < axis; ++i) outer *= x.dims[i];
  for (int32_t i = axis + 1; i < x.rank; ++i) inner *= x.dims[i];
  return {outer, length * inner, x.dims[axis] * inner, y.dims[axis] * inner, x_start * inner, y_start * inner};
}

}  // namespace RETORT_ISA
}  // namespace retort
