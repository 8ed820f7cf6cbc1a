// Ops that move values and compute nothing: fill, permute, copy_slice.
#include <cstring>

#include "cpu_kernels.h"
#include "require.h"
#include "retort/bfloat16.h"
#include "split.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t max_rank = TensorView::max_rank;
// A tile of a transposition: its rows and columns of four bytes stay in the first cache.
constexpr int64_t tile = 32;

typedef uint32_t Word __attribute__((may_alias));

int64_t bytes_of(DType dtype) { return dtype == DType::uint8 ? 1 : 4; }

void require_one_dtype(const char* op, const TensorView& x, const TensorView& y) {
  if (x.dtype != y.dtype) {
    refuse(op, "x and y must have one element type", describe(x), " and ", describe(y));
  }
}

template <typename Element>
void fill_with(int32_t threads, TensorView& y, Element value) {
  Element* to = static_cast<Element*>(y.data);
  split(threads, y.size(), chunk_elements, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = value;
  });
}

// y's dimensions, outermost first, and how far x moves along each; neighbours that stay neighbours are one.
struct Axes {
  int32_t count = 0;
  int64_t size[max_rank], x_stride[max_rank], y_stride[max_rank];
};

Axes axes_of(const TensorView& x, const int32_t* permutation) {
  int64_t strides[max_rank];
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

// Planes of y's last axis and of that one which is x's last, tile by tile; `across` is that one.
template <typename Element>
void transpose(int32_t threads, const Element* x, Element* y, const Axes& axes, int32_t across) {
  const int32_t last = axes.count - 1;
  const int64_t rows = axes.size[across], columns = axes.size[last];
  const int64_t x_step = axes.x_stride[last], y_step = axes.y_stride[across];
  const int64_t bands = ceil_div(rows, tile);
  int64_t planes = 1;
  for (int32_t i = 0; i < last; ++i) planes *= i == across ? 1 : axes.size[i];
  split(threads, planes * bands, ceil_div(chunk_elements, tile * columns), [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      const Element* from = x;
      Element* to = y;
      int64_t rest = k / bands;
      for (int32_t i = last - 1; i >= 0; --i) {
        if (i == across) continue;
        from += rest % axes.size[i] * axes.x_stride[i];
        to += rest % axes.size[i] * axes.y_stride[i];
        rest /= axes.size[i];
      }
      const int64_t top = k % bands * tile, bottom = rows - top < tile ? rows : top + tile;
      for (int64_t left = 0; left < columns; left += tile) {
        const int64_t right = columns - left < tile ? columns : left + tile;
        for (int64_t r = top; r < bottom; ++r) {
          for (int64_t c = left; c < right; ++c) to[r * y_step + c] = from[r + c * x_step];
        }
      }
    }
  });
}

template <typename Element>
void permute_axes(int32_t threads, const Element* x, Element* y, const Axes& axes) {
  const int32_t last = axes.count - 1;
  for (int32_t i = 0; i < last; ++i) {
    if (axes.x_stride[i] == 1) return transpose(threads, x, y, axes, i);
  }
  // x's last axis is y's too: rows move whole.
  const int64_t n = last < 0 ? 1 : axes.size[last];
  int64_t rows = 1;
  for (int32_t i = 0; i < last; ++i) rows *= axes.size[i];
  split(threads, rows, ceil_div(chunk_elements, n), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      int64_t at = 0, rest = r;
      for (int32_t i = last - 1; i >= 0; --i) {
        at += rest % axes.size[i] * axes.x_stride[i];
        rest /= axes.size[i];
      }
      std::memcpy(y + r * n, x + at, static_cast<size_t>(n) * sizeof(Element));
    }
  });
}

}  // namespace

void CpuKernels::fill(TensorView& y, float value) {
  require_tensor("fill", "y", y);
  switch (y.dtype) {
    case DType::float32:
      return fill_with(threads_, y, value);
    case DType::int32:
      if (!(value >= -2147483648.0f && value < 2147483648.0f)) refuse("fill", "value must fit int32", value);
      return fill_with(threads_, y, static_cast<int32_t>(value));
    case DType::uint8:
      if (!(value >= 0.0f && value < 256.0f)) refuse("fill", "value must fit uint8", value);
      return fill_with(threads_, y, static_cast<uint8_t>(value));
    case DType::bfloat16:
      return fill_with(threads_, y, to_bfloat16(value));
    case DType::int8:
      if (!(value >= -128.0f && value < 128.0f)) refuse("fill", "value must fit int8", value);
      return fill_with(threads_, y, static_cast<int8_t>(value));
  }
  refuse("fill", "element type must be 0 to 4", static_cast<int32_t>(y.dtype));
}

void CpuKernels::permute(const TensorView& x, TensorView& y, const int32_t* permutation) {
  const char* op = "permute";
  require_tensor(op, "x", x);
  require_tensor(op, "y", y);
  require_one_dtype(op, x, y);
  if (permutation == nullptr) refuse(op, "permutation must be given", "null");
  bool fits = x.rank == y.rank;
  bool seen[max_rank] = {};
  for (int32_t i = 0; fits && i < x.rank; ++i) {
    const int32_t from = permutation[i];
    fits = from >= 0 && from < x.rank && !seen[from];
    if (!fits) refuse(op, "permutation must name each dimension of x once", "entry ", i, " is ", from);
    seen[from] = true;
    fits = y.dims[i] == x.dims[from];
  }
  if (!fits) refuse(op, "y must have x's dimensions in the order of permutation", describe(x), " to ", describe(y));
  const Axes axes = axes_of(x, permutation);
  if (bytes_of(x.dtype) == 1) {
    return permute_axes(threads_, static_cast<const uint8_t*>(x.data), static_cast<uint8_t*>(y.data), axes);
  }
  permute_axes(threads_, static_cast<const Word*>(x.data), static_cast<Word*>(y.data), axes);
}

void CpuKernels::copy_slice(const TensorView& x, TensorView& y, int32_t axis, int64_t x_start, int64_t y_start,
                            int64_t length) {
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
  int64_t inner = bytes_of(x.dtype), outer = 1;
  for (int32_t i = 0; i < axis; ++i) outer *= x.dims[i];
  for (int32_t i = axis + 1; i < x.rank; ++i) inner *= x.dims[i];
  const int64_t bytes = length * inner, x_row = x.dims[axis] * inner, y_row = y.dims[axis] * inner;
  if (bytes == 0) return;
  const char* from = static_cast<const char*>(x.data) + x_start * inner;
  char* to = static_cast<char*>(y.data) + y_start * inner;
  split(threads_, outer, ceil_div(4 * chunk_elements, bytes), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) std::memcpy(to + r * y_row, from + r * x_row, static_cast<size_t>(bytes));
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
