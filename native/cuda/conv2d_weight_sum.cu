// What ends the gradient by the weights, and what replaces it: the sum of its parts, bound by memory, and a warp an
// element where no patch fits into shared memory.
#include <algorithm>

#include "conv2d_weight.cuh"
#include "device/sum.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

// A lane an element, a warp every warps-th of its parts.
__global__ void __launch_bounds__(1024)
    sum_partial_kernel(const float* partial, int32_t parts, int64_t total, float* dw) {
  __shared__ float shares[32][32];
  const int32_t lane = static_cast<int32_t>(threadIdx.x) % warp_size,
                warp = static_cast<int32_t>(threadIdx.x) / warp_size;
  const int32_t warps = static_cast<int32_t>(blockDim.x) / warp_size;
  const int64_t i = int64_t{blockIdx.x} * warp_size + lane;
  float sum = 0;
  if (i < total) {
#pragma unroll 4
    for (int32_t part = warp; part < parts; part += warps) sum += partial[part * total + i];
  }
  shares[warp][lane] = sum;
  // The first warp adds what the others have.
  __syncthreads();
  if (warp > 0 || i >= total) return;
  for (int32_t other = 1; other < warps; ++other) sum += shares[other][lane];
  dw[i] = sum;
}

__global__ void __launch_bounds__(256) element_kernel(Correlation c, const float* dy, float* dw, int64_t total) {
  const int64_t i = int64_t{blockIdx.x} * 8 + threadIdx.x / warp_size;
  if (i >= total) return;
  const auto group = static_cast<int32_t>(i / c.w_group), o = static_cast<int32_t>(i / c.w_output % c.outputs);
  const auto channel = static_cast<int32_t>(i / c.w_channel % c.channels), tap = static_cast<int32_t>(i % c.w_channel);
  const float* const from = c.in + (int64_t{group} * c.channels + channel) * c.in_plane;
  const float* const by = dy + (int64_t{group} * c.outputs + o) * c.out_plane;
  const int32_t plane = c.row.count * c.column.count;
  float sum = 0;
  for (int32_t n = 0; n < c.batch; ++n) {
    for (int32_t p = static_cast<int32_t>(threadIdx.x) % warp_size; p < plane; p += warp_size) {
      const int32_t r = p / c.column.count * c.row.step + c.row.first + tap / c.column.taps;
      const int32_t v = p % c.column.count * c.column.step + c.column.first + tap % c.column.taps;
      if (r < 0 || r >= c.row.size || v < 0 || v >= c.column.size) continue;
      sum += from[n * c.in_image + r * c.column.size + v] * by[n * c.out_image + p];
    }
  }
  sum = warp_reduce(sum, Add{});
  if (threadIdx.x % warp_size == 0) dw[i] = sum;
}

}  // namespace

void sum_parts(const float* partial, int32_t parts, int64_t total, float* dw, cudaStream_t stream) {
  launch(sum_partial_kernel, static_cast<uint32_t>((total + warp_size - 1) / warp_size),
         static_cast<uint32_t>(std::min(parts, 32) * warp_size), 0, stream, partial, parts, total, dw);
}

void weight_gradient_by_element(const Correlation& c, const float* dy, float* dw, cudaStream_t stream) {
  const int64_t total = c.groups * c.w_group;
  launch(element_kernel, static_cast<uint32_t>((total + 7) / 8), 256, 0, stream, c, dy, dw, total);
}

}  // namespace RETORT_ISA
}  // namespace retort
