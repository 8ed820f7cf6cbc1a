// Pooling: a thread has one place of y. 2×2 by 2 over even planes has kernels of its own, which read a window as two
// pairs. Bound by memory: x read once, y (and index) written once.
#include "pooling.cuh"

#include "cuda_kernels.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t threads = pooling_threads;

// The first of equal values wins, and NaN over every number.
struct Best {
  float value;
  int32_t place;

  __device__ __forceinline__ void meet(float other, int32_t at) {
    if (place >= 0 && !(other > value) && !(other != other && value == value)) return;
    value = other;
    place = at;
  }
};

__device__ __forceinline__ float2 pair_at(const float* x, int32_t at) {
  return *reinterpret_cast<const float2*>(x + at);
}

template <bool by_two>
__global__ void __launch_bounds__(threads) max_forward_kernel(const float* x, float* y, int32_t* index, PoolingGrid g) {
  const int32_t i = static_cast<int32_t>(blockIdx.x * threads + threadIdx.x);
  if (i >= g.planes * g.pooled) return;
  const PoolingPlace at = pooling_place(i, g.by_pooled, g.by_columns);
  const float* plane = x + int64_t{at.plane} * g.plane;
  Best best{0, -1};
  if (by_two) {
    const int32_t start = 2 * at.row * g.width + 2 * at.column, below = start + g.width;
    const float2 top = pair_at(plane, start), bottom = pair_at(plane, below);
    best.meet(top.x, start);
    best.meet(top.y, start + 1);
    best.meet(bottom.x, below);
    best.meet(bottom.y, below + 1);
  } else {
    const int32_t top = at.row * g.window.stride_h - g.window.pad_h,
                  left = at.column * g.window.stride_w - g.window.pad_w;
    for (int32_t r = greater(top, 0); r < lesser(top + g.window.kernel_h, g.height); ++r) {
      for (int32_t c = greater(left, 0); c < lesser(left + g.window.kernel_w, g.width); ++c) {
        best.meet(plane[r * g.width + c], r * g.width + c);
      }
    }
  }
  y[i] = best.value;
  if (index) index[i] = best.place;
}

template <bool by_two>
__global__ void __launch_bounds__(threads) avg_forward_kernel(const float* x, float* y, PoolingGrid g) {
  const int32_t i = static_cast<int32_t>(blockIdx.x * threads + threadIdx.x);
  if (i >= g.planes * g.pooled) return;
  const PoolingPlace at = pooling_place(i, g.by_pooled, g.by_columns);
  const float* plane = x + int64_t{at.plane} * g.plane;
  float sum = 0;
  if (by_two) {
    const int32_t start = 2 * at.row * g.width + 2 * at.column;
    const float2 top = pair_at(plane, start), bottom = pair_at(plane, start + g.width);
    sum = top.x + top.y + bottom.x + bottom.y;
  } else {
    const int32_t top = at.row * g.window.stride_h - g.window.pad_h,
                  left = at.column * g.window.stride_w - g.window.pad_w;
    for (int32_t r = greater(top, 0); r < lesser(top + g.window.kernel_h, g.height); ++r) {
      for (int32_t c = greater(left, 0); c < lesser(left + g.window.kernel_w, g.width); ++c)
        sum += plane[r * g.width + c];
    }
  }
  y[i] = sum * (1.0f / (static_cast<float>(g.window.kernel_h) * static_cast<float>(g.window.kernel_w)));
}

}  // namespace

void max_pool_planes(const PoolingShape& shape, const float* x, float* y, int32_t* index, cudaStream_t stream) {
  const auto kernel = pairs_fit(shape, x) ? max_forward_kernel<true> : max_forward_kernel<false>;
  for_pieces(shape, [&](int64_t first, const PoolingGrid& grid) {
    const int64_t to = first * shape.pooled();
    launch(kernel, blocks_for(int64_t{grid.planes} * grid.pooled), threads, 0, stream, x + first * shape.plane(),
           y + to, index ? index + to : nullptr, grid);
  });
}

void CudaKernels::max_pool2d_forward(const TensorView& x, TensorView& y, TensorView& index, const Window& window) {
  const char* op = "max_pool2d_forward";
  Operands operands(op);
  operands.in("x", x).out("y", y).out("index", index);
  const PoolingShape shape = require_pooling(op, "x", x, "y", y, window);
  require_places(op, "y and index", y, index);
  require_int32(op, shape);
  max_pool_planes(shape, floats(x), floats(y), static_cast<int32_t*>(index.data), stream_);
}

void CudaKernels::avg_pool2d_forward(const TensorView& x, TensorView& y, const Window& window) {
  const char* op = "avg_pool2d_forward";
  Operands operands(op);
  operands.in("x", x).out("y", y);
  const PoolingShape shape = require_pooling(op, "x", x, "y", y, window);
  require_int32(op, shape);
  const auto kernel = pairs_fit(shape, floats(x)) ? avg_forward_kernel<true> : avg_forward_kernel<false>;
  for_pieces(shape, [&](int64_t first, const PoolingGrid& grid) {
    launch(kernel, blocks_for(int64_t{grid.planes} * grid.pooled), threads, 0, stream_,
           floats(x) + first * shape.plane(), floats(y) + first * shape.pooled(), grid);
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
