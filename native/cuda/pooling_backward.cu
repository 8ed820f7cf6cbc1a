// Pooling backward: a thread has one place of x and gathers from the windows that cover it, in ascending order: no
// atomics. 2×2 by 2 over even planes has kernels of its own: a thread has a window and writes it as two pairs. Bound by
// memory: dy (and index) read once, dx written once.
#include "cuda_kernels.h"
#include "pooling.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t threads = pooling_threads;

// Windows [first, last] along one dimension that see this place of x.
struct Seen {
  int32_t first, last;
};

__device__ __forceinline__ Seen windows_over(int32_t place, int32_t kernel, int32_t pad,
                                             const Division<uint32_t>& by_stride, int32_t stride, int32_t count) {
  const int32_t before = place + pad - kernel + stride;
  return {before > 0 ? by_stride.quotient(before) : 0, lesser(by_stride.quotient(place + pad), count - 1)};
}

// visit(window) for the windows over place i of x.
template <typename Visit>
__device__ __forceinline__ void visit_windows(const PoolingGrid& g, const PoolingPlace& at, const Visit& visit) {
  const Window& w = g.window;
  const Seen rows = windows_over(at.row, w.kernel_h, w.pad_h, g.by_stride_h, w.stride_h, g.rows);
  const Seen columns = windows_over(at.column, w.kernel_w, w.pad_w, g.by_stride_w, w.stride_w, g.columns);
  for (int32_t r = rows.first; r <= rows.last; ++r) {
    for (int32_t c = columns.first; c <= columns.last; ++c) visit(r * g.columns + c);
  }
}

// What the window with this index hands to a place; NaN, and noted, where the index lies in no plane.
__device__ __forceinline__ float share_of(float dy, int32_t index, int32_t place, int32_t plane, ValueFault* fault,
                                          const char* op) {
  if (index >= 0 && index < plane) return index == place ? dy : 0.0f;
  note_fault(fault, op, Refused::place, index, place, plane);
  return __uint_as_float(0x7fc00000u);
}

template <bool by_two>
__global__ void __launch_bounds__(threads) max_backward_kernel(const float* dy, const int32_t* index, float* dx,
                                                               PoolingGrid g, ValueFault* fault, const char* op) {
  const int32_t i = static_cast<int32_t>(blockIdx.x * threads + threadIdx.x);
  if (i >= g.planes * (by_two ? g.pooled : g.plane)) return;
  if (by_two) {
    const PoolingPlace at = pooling_place(i, g.by_pooled, g.by_columns);
    const int32_t start = 2 * at.row * g.width + 2 * at.column, below = start + g.width;
    float* plane = dx + int64_t{at.plane} * g.plane;
    const float d = dy[i];
    const int32_t from = index[i];
    auto share = [&](int32_t place) { return share_of(d, from, place, g.plane, fault, op); };
    *reinterpret_cast<float2*>(plane + start) = make_float2(share(start), share(start + 1));
    *reinterpret_cast<float2*>(plane + below) = make_float2(share(below), share(below + 1));
  } else {
    const PoolingPlace at = pooling_place(i, g.by_plane, g.by_width);
    const int64_t pooled = int64_t{at.plane} * g.pooled;
    float sum = 0;
    visit_windows(g, at, [&](int32_t window) {
      sum += share_of(dy[pooled + window], index[pooled + window], at.row * g.width + at.column, g.plane, fault, op);
    });
    dx[i] = sum;
  }
}

template <bool by_two>
__global__ void __launch_bounds__(threads) avg_backward_kernel(const float* dy, float* dx, PoolingGrid g) {
  const int32_t i = static_cast<int32_t>(blockIdx.x * threads + threadIdx.x);
  if (i >= g.planes * (by_two ? g.pooled : g.plane)) return;
  const float share = 1.0f / (static_cast<float>(g.window.kernel_h) * static_cast<float>(g.window.kernel_w));
  if (by_two) {
    const PoolingPlace at = pooling_place(i, g.by_pooled, g.by_columns);
    float* const to = dx + int64_t{at.plane} * g.plane + 2 * at.row * g.width + 2 * at.column;
    const float d = share * dy[i];
    *reinterpret_cast<float2*>(to) = make_float2(d, d);
    *reinterpret_cast<float2*>(to + g.width) = make_float2(d, d);
  } else {
    const PoolingPlace at = pooling_place(i, g.by_plane, g.by_width);
    const float* from = dy + int64_t{at.plane} * g.pooled;
    float sum = 0;
    visit_windows(g, at, [&](int32_t window) { sum += from[window]; });
    dx[i] = share * sum;
  }
}

}  // namespace

void CudaKernels::max_pool2d_backward(const TensorView& dy, const TensorView& index, TensorView& dx,
                                      const Window& window) {
  const char* op = "max_pool2d_backward";
  Operands operands(op);
  operands.in("dy", dy).in("index", index).out("dx", dx).fault(fault_);
  const PoolingShape shape = require_pooling(op, "dx", dx, "dy", dy, window);
  require_places(op, "dy and index", dy, index);
  require_int32(op, shape);
  const bool pairs = pairs_fit(shape, floats(dx));
  const auto kernel = pairs ? max_backward_kernel<true> : max_backward_kernel<false>;
  for_pieces(shape, [&](int64_t first, const PoolingGrid& grid) {
    const int64_t from = first * shape.pooled();
    launch(kernel, blocks_for(int64_t{grid.planes} * (pairs ? grid.pooled : grid.plane)), threads, 0, stream_,
           floats(dy) + from, static_cast<const int32_t*>(index.data) + from, floats(dx) + first * shape.plane(), grid,
           fault_, op);
  });
}

void CudaKernels::avg_pool2d_backward(const TensorView& dy, TensorView& dx, const Window& window) {
  const char* op = "avg_pool2d_backward";
  Operands operands(op);
  operands.in("dy", dy).out("dx", dx);
  const PoolingShape shape = require_pooling(op, "dx", dx, "dy", dy, window);
  require_int32(op, shape);
  const bool pairs = pairs_fit(shape, floats(dx));
  const auto kernel = pairs ? avg_backward_kernel<true> : avg_backward_kernel<false>;
  for_pieces(shape, [&](int64_t first, const PoolingGrid& grid) {
    launch(kernel, blocks_for(int64_t{grid.planes} * (pairs ? grid.pooled : grid.plane)), threads, 0, stream_,
           floats(dy) + first * shape.pooled(), floats(dx) + first * shape.plane(), grid);
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
