// Mean squared error with its gradient: each block sums a stretch of the elements, a second launch adds the stretches'
// sums in a fixed order. Bound by memory: 12 bytes an element.
#include <algorithm>

#include "cuda_kernels.h"
#include "device/sum.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t threads = 256;
constexpr int64_t most_blocks = 1024;

__global__ void __launch_bounds__(threads)
    mse_kernel(const float* x, const float* target, float* dx, double* partial, int64_t size) {
  __shared__ double shares[threads / warp_size];
  const float scale = 2.0f / static_cast<float>(size);
  double sum = 0;
  for (int64_t i = int64_t{blockIdx.x} * threads + threadIdx.x; i < size; i += int64_t{gridDim.x} * threads) {
    const float gap = x[i] - target[i];
    dx[i] = scale * gap;
    sum += static_cast<double>(gap) * gap;
  }
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
  require_dtype(op, "x", x);
  require_dtype(op, "target", target);
  require_dtype(op, "dx", dx);
  require_one_shape(op, "x and target", x, target);
  require_one_shape(op, "x and dx", x, dx);
  require_vector(op, "loss", loss, 1);
  const int64_t size = x.size();
  const int32_t blocks = static_cast<int32_t>(std::min((size + threads - 1) / threads, most_blocks));
  double* const partial = scratch<double>(op, blocks);
  launch(mse_kernel, blocks, threads, 0, stream_, floats(x), floats(target), floats(dx), partial, size);
  launch(mse_sum_kernel, 1, threads, 0, stream_, partial, blocks, floats(loss), size);
}

}  // namespace RETORT_ISA
}  // namespace retort
