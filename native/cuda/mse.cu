// Mean squared error with its gradient: each block sums a stretch of the elements, a second launch adds the stretches'
// sums in a fixed order. Bound by memory: 12 bytes an element. Four squares are added in float, then all in double.
#include "require/mse.h"

#include <algorithm>

#include "cuda_kernels.h"
#include "device/elements.cuh"
#include "device/sum.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t threads = 256;
constexpr int64_t most_blocks = 2048;

template <int32_t width>
__device__ __forceinline__ double gaps_of(const float* x, const float* target, float* dx, float slope, int64_t i) {
  const Pack<float, width> at = load_pack<width>(x + i), goal = load_pack<width>(target + i);
  Pack<float, width> slopes;
  float sum = 0;
#pragma unroll
  for (int32_t j = 0; j < width; ++j) {
    const float gap = at.at[j] - goal.at[j];
    slopes.at[j] = slope * gap;
    sum += gap * gap;
  }
  store_pack(dx + i, slopes);
  return static_cast<double>(sum);
}

template <int32_t width>
__global__ void __launch_bounds__(threads)
    mse_kernel(const float* x, const float* target, float* dx, double* partial, int64_t size, float slope) {
  __shared__ double shares[threads / warp_size];
  const int64_t first = int64_t{blockIdx.x} * threads + threadIdx.x, step = int64_t{gridDim.x} * threads;
  const int64_t groups = size / width;
  double sum = 0;
  for (int64_t i = first; i < groups; i += step) sum += gaps_of<width>(x, target, dx, slope, i * width);
  if (groups * width + first < size) sum += gaps_of<1>(x, target, dx, slope, groups * width + first);
  sum = block_reduce<threads>(sum, shares, Add{});
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

__global__ void __launch_bounds__(threads)
    mse_sum_kernel(const double* partial, int32_t count, float* loss, int64_t size) {
  __shared__ double shares[threads / warp_size];
  double sum = 0;
  for (int32_t i = threadIdx.x; i < count; i += threads) sum += partial[i];
  sum = block_reduce<threads>(sum, shares, Add{});
  if (threadIdx.x == 0) *loss = static_cast<float>(sum / static_cast<double>(size));
}

}  // namespace

void CudaKernels::mse(const TensorView& x, const TensorView& target, TensorView& loss, TensorView& dx) {
  const char* op = "mse";
  Operands operands(op);
  operands.in("x", x).in("target", target).out("loss", loss).out("dx", dx).scratch(scratch_, scratch_bytes_);
  require_mse(x, target, loss, dx);
  const int64_t size = x.size();
  const bool aligned = aligned_to(16, x.data, target.data, dx.data);
  const int64_t of_block = threads * (aligned ? 4 : 1);
  const int32_t blocks = static_cast<int32_t>(std::min((size + of_block - 1) / of_block, most_blocks));
  double* const partial = scratch<double>(op, blocks);
  const float slope = static_cast<float>(2.0 / static_cast<double>(size));
  launch(aligned ? mse_kernel<4> : mse_kernel<1>, blocks, threads, 0, stream_, floats(x), floats(target), floats(dx),
         partial, size, slope);
  launch(mse_sum_kernel, 1, threads, 0, stream_, partial, blocks, floats(loss), size);
}

}  // namespace RETORT_ISA
}  // namespace retort
