// Ops that move values and compute nothing: fill, permute, copy_slice.
#include "require/copy.h"

#include <cstring>

#include "cpu_kernels.h"
#include "retort/bfloat16.h"
#include "split.h"

namespace retort {
namespace RETORT_ISA {
namespace {

// A tile of a transposition: its rows and columns of four bytes stay in the first cache.
constexpr int64_t tile = 32;

typedef uint16_t HalfWord __attribute__((may_alias));
typedef uint32_t Word __attribute__((may_alias));

template <typename Element>
void fill_with(int32_t threads, TensorView& y, Element value) {
  Element* to = static_cast<Element*>(y.data);
  split(threads, y.size(), chunk_elements, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = value;
  });
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
  require_fill(y, value);
  switch (y.dtype) {
    case DType::float32:
      return fill_with(threads_, y, value);
    case DType::int32:
      return fill_with(threads_, y, static_cast<int32_t>(value));
    case DType::uint8:
      return fill_with(threads_, y, static_cast<uint8_t>(value));
    case DType::bfloat16:
      return fill_with(threads_, y, to_bfloat16(value));
    case DType::int8:
      return fill_with(threads_, y, static_cast<int8_t>(value));
  }
}

void CpuKernels::permute(const TensorView& x, TensorView& y, const int32_t* permutation) {
  require_permute(x, y, permutation);
  const Axes axes = axes_of(x, permutation);
  switch (width_of(x.dtype)) {
    case 1:
      return permute_axes(threads_, static_cast<const uint8_t*>(x.data), static_cast<uint8_t*>(y.data), axes);
    case 2:
      return permute_axes(threads_, static_cast<const HalfWord*>(x.data), static_cast<HalfWord*>(y.data), axes);
    default:
      return permute_axes(threads_, static_cast<const Word*>(x.data), static_cast<Word*>(y.data), axes);
  }
}

void CpuKernels::copy_slice(const TensorView& x, TensorView& y, int32_t axis, int64_t x_start, int64_t y_start,
                            int64_t length) {
  const Slice slice = require_copy_slice(x, y, axis, x_start, y_start, length);
  if (slice.bytes == 0) return;
  const char* from = static_cast<const char*>(x.data) + slice.x_start;
  char* to = static_cast<char*>(y.data) + slice.y_start;
  split(threads_, slice.outer, ceil_div(4 * chunk_elements, slice.bytes), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      std::memcpy(to + r * slice.y_row, from + r * slice.x_row, static_cast<size_t>(slice.bytes));
    }
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
