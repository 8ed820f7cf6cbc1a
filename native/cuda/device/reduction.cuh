// Kernels of reductions over some dimensions: sums, sums of squares, maxima. reduce.cu says which one takes what.
#pragma once

#include "division.cuh"
#include "elements.cuh"
#include "sum.cuh"

namespace retort {
namespace RETORT_ISA {

constexpr int32_t reduction_threads = 256;

// Σ f(x), f being the square or nothing.
template <bool squares>
struct Sum {
  using Total = double;
  static __device__ __forceinline__ double start() { return 0; }
  template <int32_t width>
  static __device__ __forceinline__ double of(const Pack<float, width>& v) {
    float part = 0;
#pragma unroll
    for (int32_t j = 0; j < width; ++j) part += squares ? v.at[j] * v.at[j] : v.at[j];
    return static_cast<double>(part);
  }
  static __device__ __forceinline__ double combine(double a, double b) { return a + b; }
  static __device__ __forceinline__ float result(double total, double share) {
    return static_cast<float>(total * share);
  }
  __device__ double operator()(double a, double b) const { return combine(a, b); }
};

struct Maximum {
  using Total = float;
  static __device__ __forceinline__ float start() { return -INFINITY; }
  template <int32_t width>
  static __device__ __forceinline__ float of(const Pack<float, width>& v) {
    float best = v.at[0];
#pragma unroll
    for (int32_t j = 1; j < width; ++j) best = Greater()(best, v.at[j]);
    return best;
  }
  static __device__ __forceinline__ float combine(float a, float b) { return Greater()(a, b); }
  static __device__ __forceinline__ float result(float total, double) { return total; }
  __device__ float operator()(float a, float b) const { return combine(a, b); }
};

// Result r is op of the `terms` places reduced.offset(t) from kept.offset(r) on.
template <typename Index>
struct Shape {
  Places<Index> kept, reduced;
  int64_t results, terms;
};

// Results of a few terms: `lanes` neighbouring lanes each, a power of two.
template <typename Op, typename Index, int32_t width>
__global__ void __launch_bounds__(reduction_threads)
    reduce_lanes_kernel(const Shape<Index> shape, const float* x, float* y, int32_t lanes, double share) {
  const int64_t at = int64_t{blockIdx.x} * reduction_threads + threadIdx.x, r = at / lanes;
  const int64_t lane = at % lanes;
  typename Op::Total total = Op::start();
  if (r < shape.results) {
    const float* from = x + shape.kept.offset(r);
#pragma unroll 4
    for (int64_t t = lane * width; t < shape.terms; t += lanes * width) {
      total = Op::combine(total, Op::of(load_pack<width>(from + shape.reduced.offset(t))));
    }
  }
  for (int32_t bits = lanes / 2; bits > 0; bits /= 2) {
    total = Op::combine(total, __shfl_xor_sync(whole_warp, total, bits));
  }
  if (lane == 0 && r < shape.results) y[r] = Op::result(total, share);
}

// Block (r, s) takes the terms [s·chunk, (s + 1)·chunk) of result r: into y, or parts[s, r] where there are several.
template <typename Op, typename Index, int32_t width>
__global__ void __launch_bounds__(reduction_threads)
    reduce_rows_kernel(const Shape<Index> shape, const float* x, float* y, typename Op::Total* parts, int64_t chunk,
                       double share) {
  __shared__ typename Op::Total shares[reduction_threads / warp_size];
  const int64_t r = blockIdx.x, begin = blockIdx.y * chunk;
  const int64_t end = begin + chunk < shape.terms ? begin + chunk : shape.terms;
  const float* from = x + shape.kept.offset(r);
  typename Op::Total total = Op::start();
#pragma unroll 4
  for (int64_t t = begin + threadIdx.x * width; t < end; t += reduction_threads * width) {
    total = Op::combine(total, Op::of(load_pack<width>(from + shape.reduced.offset(t))));
  }
  total = block_reduce<reduction_threads>(total, shares, Op());
  if (threadIdx.x != 0) return;
  if (parts) {
    parts[blockIdx.y * shape.results + r] = total;
  } else {
    y[r] = Op::result(total, share);
  }
}

// The block's threads stand in rows of `lanes`, a power of two: lane l takes the results columns·b + width·l and on, b
// being the block's place among `blocks` along the innermost kept dimension, row w the terms begin + w, begin + w +
// rows, …
template <typename Op, typename Index, int32_t width>
__global__ void __launch_bounds__(reduction_threads)
    reduce_columns_kernel(const Shape<Index> shape, const float* x, float* y, typename Op::Total* parts,
                          int64_t columns, int32_t blocks, int32_t lanes, int64_t chunk, double share) {
  __shared__ typename Op::Total rows_of[reduction_threads * width];
  const int32_t lane = threadIdx.x % lanes, row = threadIdx.x / lanes, rows = reduction_threads / lanes;
  const int64_t outer = blockIdx.x / blocks, column = (int64_t{blockIdx.x % blocks} * lanes + lane) * width;
  const int64_t begin = blockIdx.y * chunk, end = begin + chunk < shape.terms ? begin + chunk : shape.terms;
  const int64_t r = outer * columns + column;
  typename Op::Total total[width];
#pragma unroll
  for (int32_t j = 0; j < width; ++j) total[j] = Op::start();
  if (column < columns) {
    const float* from = x + shape.kept.offset(r);
#pragma unroll 4
    for (int64_t t = begin + row; t < end; t += rows) {
      const Pack<float, width> v = load_pack<width>(from + shape.reduced.offset(t));
#pragma unroll
      for (int32_t j = 0; j < width; ++j) total[j] = Op::combine(total[j], Op::of(Pack<float, 1>{{v.at[j]}}));
    }
  }
#pragma unroll
  for (int32_t j = 0; j < width; ++j) rows_of[j * reduction_threads + threadIdx.x] = total[j];
  for (int32_t half = rows / 2; half > 0; half /= 2) {
    // The rows below `half` must have written what is added now, and read what is overwritten.
    __syncthreads();
    if (row >= half) continue;
#pragma unroll
    for (int32_t j = 0; j < width; ++j) {
      const int32_t at = j * reduction_threads + threadIdx.x;
      total[j] = Op::combine(total[j], rows_of[at + half * lanes]);
      rows_of[at] = total[j];
    }
  }
  if (row != 0 || column >= columns) return;
#pragma unroll
  for (int32_t j = 0; j < width; ++j) {
    if (parts) {
      parts[blockIdx.y * shape.results + r + j] = total[j];
    } else {
      y[r + j] = Op::result(total[j], share);
    }
  }
}

// y[r] = op of parts[s, r] over s: a block of rows of lanes again.
template <typename Op>
__global__ void __launch_bounds__(reduction_threads)
    reduce_parts_kernel(const typename Op::Total* parts, float* y, int64_t results, int64_t splits, int32_t lanes,
                        double share) {
  __shared__ typename Op::Total rows_of[reduction_threads];
  const int32_t lane = threadIdx.x % lanes, row = threadIdx.x / lanes, rows = reduction_threads / lanes;
  const int64_t r = int64_t{blockIdx.x} * lanes + lane;
  typename Op::Total total = Op::start();
  if (r < results) {
    for (int64_t s = row; s < splits; s += rows) total = Op::combine(total, parts[s * results + r]);
  }
  rows_of[threadIdx.x] = total;
  for (int32_t half = rows / 2; half > 0; half /= 2) {
    // As in reduce_columns_kernel.
    __syncthreads();
    if (row >= half) continue;
    total = Op::combine(total, rows_of[threadIdx.x + half * lanes]);
    rows_of[threadIdx.x] = total;
  }
  if (row == 0 && r < results) y[r] = Op::result(total, share);
}

}  // namespace RETORT_ISA
}  // namespace retort
