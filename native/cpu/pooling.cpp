#include "pooling.h"

#include <cstring>

#include "cpu_kernels.h"
#include "pooling_by_two.h"
#include "split.h"
#include "vector_math.h"

namespace retort {
namespace RETORT_ISA {
namespace {

// body(row, column, first, last): the places `row` of x that output row `y_row` sees at kernel place (·, column), for
// the output columns [first, last) where the place is not padding; the leftmost is x column first·stride_w + column.
template <typename Body>
inline void for_window(const Pooling& p, int64_t y_row, const Body& body) {
  const Window& w = p.window;
  for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
    const int64_t row = y_row * w.stride_h - w.pad_h + ky;
    if (row < 0 || row >= p.height) continue;
    for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
      const int64_t column = kx - w.pad_w;
      const int64_t first = column < 0 ? ceil_div(-column, w.stride_w) : 0;
      const int64_t end = column >= p.width ? 0 : (p.width - 1 - column) / w.stride_w + 1;
      body(row, column, first, end < p.columns ? end : p.columns);
    }
  }
}

// One output row of a maximum; stride is a constant where the compiler shall see it.
inline void take_larger(const float* from, int32_t place, int64_t stride, int64_t first, int64_t last, float* y,
                        int32_t* index) {
#pragma omp simd
  for (int64_t j = first; j < last; ++j) {
    const float value = from[j * stride];
    const float best = y[j];
    const int32_t at = index[j];
    const bool take = (value > best) | (value != value) | (at < 0);
    const int32_t mask = -static_cast<int32_t>(take);
    y[j] = select(take, value, best);
    index[j] = ((place + static_cast<int32_t>(j * stride)) & mask) | (at & ~mask);
  }
}

void max_plane(const Pooling& p, const float* x, float* y, int32_t* index) {
  for (int64_t r = 0; r < p.rows; ++r, y += p.columns, index += p.columns) {
    for (int64_t j = 0; j < p.columns; ++j) {
      y[j] = 0.0f;
      index[j] = -1;
    }
    for_window(p, r, [&](int64_t row, int64_t column, int64_t first, int64_t last) {
      const int64_t place = row * p.width + column;
      const int32_t start = static_cast<int32_t>(place);
      const int64_t stride = p.window.stride_w;
      if (stride == 1) return take_larger(x + place, start, 1, first, last, y, index);
      if (stride == 2) return take_larger(x + place, start, 2, first, last, y, index);
      take_larger(x + place, start, stride, first, last, y, index);
    });
  }
}

void max_plane_backward(const Pooling& p, const float* dy, const int32_t* index, float* dx) {
  std::memset(dx, 0, static_cast<size_t>(p.plane()) * sizeof(float));
  for (int64_t i = 0; i < p.pooled(); ++i) {
    if (index[i] < 0 || index[i] >= p.plane()) {
      refuse("max_pool2d_backward", "index must lie in its plane of " + std::to_string(p.plane()), index[i]);
    }
    dx[index[i]] += dy[i];
  }
}

void avg_plane(const Pooling& p, const float* x, float* y) {
  const float share = 1.0f / static_cast<float>(int64_t{p.window.kernel_h} * p.window.kernel_w);
  for (int64_t r = 0; r < p.rows; ++r, y += p.columns) {
    for (int64_t j = 0; j < p.columns; ++j) y[j] = 0.0f;
    for_window(p, r, [&](int64_t row, int64_t column, int64_t first, int64_t last) {
      const float* from = x + row * p.width + column;
      const int64_t stride = p.window.stride_w;
      if (stride == 2) {
#pragma omp simd
        for (int64_t j = first; j < last; ++j) y[j] += from[2 * j];
      } else {
#pragma omp simd
        for (int64_t j = first; j < last; ++j) y[j] += from[j * stride];
      }
    });
    for (int64_t j = 0; j < p.columns; ++j) y[j] *= share;
  }
}

void avg_plane_backward(const Pooling& p, const float* dy, float* dx) {
  const float share = 1.0f / static_cast<float>(int64_t{p.window.kernel_h} * p.window.kernel_w);
  std::memset(dx, 0, static_cast<size_t>(p.plane()) * sizeof(float));
  for (int64_t r = 0; r < p.rows; ++r, dy += p.columns) {
    for_window(p, r, [&](int64_t row, int64_t column, int64_t first, int64_t last) {
      float* to = dx + row * p.width + column;
      const int64_t stride = p.window.stride_w;
#pragma omp simd
      for (int64_t j = first; j < last; ++j) to[j * stride] += share * dy[j];
    });
  }
}

}  // namespace

void max_pool_plane(const Pooling& p, const float* x, float* y, int32_t* index) {
  if (index == nullptr && p.by_two() && max_by_two_values(x, p.height, p.width, y)) return;
  if (index == nullptr) index = reinterpret_cast<int32_t*>(scratch(6, p.pooled()));
  p.by_two() ? max_by_two(x, p.height, p.width, y, index) : max_plane(p, x, y, index);
}

void CpuKernels::max_pool2d_forward(const TensorView& x, TensorView& y, TensorView& index, const Window& window) {
  const char* op = "max_pool2d_forward";
  const Pooling p{require_pooling(op, "x", x, "y", y, window)};
  require_places(op, "y and index", y, index);
  require_plane(op, p.plane());
  const float* from = floats(x);
  float* to = floats(y);
  int32_t* at = static_cast<int32_t*>(index.data);
  split(threads_, p.planes, p.grain(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      max_pool_plane(p, from + i * p.plane(), to + i * p.pooled(), at + i * p.pooled());
    }
  });
}

void CpuKernels::max_pool2d_backward(const TensorView& dy, const TensorView& index, TensorView& dx,
                                     const Window& window) {
  const char* op = "max_pool2d_backward";
  const Pooling p{require_pooling(op, "dx", dx, "dy", dy, window)};
  require_places(op, "dy and index", dy, index);
  const float* from = floats(dy);
  const int32_t* at = static_cast<const int32_t*>(index.data);
  float* to = floats(dx);
  split(threads_, p.planes, p.grain(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* y_plane = from + i * p.pooled();
      const int32_t* index_plane = at + i * p.pooled();
      float* plane = to + i * p.plane();
      p.by_two() ? max_by_two_backward(y_plane, index_plane, p.height, p.width, plane)
                 : max_plane_backward(p, y_plane, index_plane, plane);
    }
  });
}

void CpuKernels::avg_pool2d_forward(const TensorView& x, TensorView& y, const Window& window) {
  const Pooling p{require_pooling("avg_pool2d_forward", "x", x, "y", y, window)};
  const float* from = floats(x);
  float* to = floats(y);
  split(threads_, p.planes, p.grain(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* plane = from + i * p.plane();
      float* y_plane = to + i * p.pooled();
      p.by_two() ? avg_by_two(plane, p.height, p.width, y_plane) : avg_plane(p, plane, y_plane);
    }
  });
}

void CpuKernels::avg_pool2d_backward(const TensorView& dy, TensorView& dx, const Window& window) {
  const Pooling p{require_pooling("avg_pool2d_backward", "dx", dx, "dy", dy, window)};
  const float* from = floats(dy);
  float* to = floats(dx);
  split(threads_, p.planes, p.grain(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* y_plane = from + i * p.pooled();
      float* plane = to + i * p.plane();
      p.by_two() ? avg_by_two_backward(y_plane, p.height, p.width, plane) : avg_plane_backward(p, y_plane, plane);
    }
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
