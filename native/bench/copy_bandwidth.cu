// The ceiling of every kernel that is bound by memory: what a plain copy reads and writes a second. Each thread moves
// 16 bytes at a time, four of them under way at once; a block's warps touch whole lines.
#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <cuda_runtime.h>

#include "copy_bandwidth.h"

namespace retort {
namespace {

constexpr int threads = 256, vectors = 4;
// Sixteen times the cache of the largest GPU, read and written.
constexpr size_t bytes = size_t{1} << 30;
constexpr int rounds = 20;

__global__ void __launch_bounds__(threads) copy_kernel(const float4* x, float4* y) {
  const size_t first = size_t{blockIdx.x} * threads * vectors + threadIdx.x;
  float4 held[vectors];
#pragma unroll
  for (int i = 0; i < vectors; ++i) held[i] = x[first + i * threads];
#pragma unroll
  for (int i = 0; i < vectors; ++i) y[first + i * threads] = held[i];
}

void require(cudaError_t result) {
  if (result != cudaSuccess) throw std::runtime_error(cudaGetErrorString(result));
}

}  // namespace

double copy_bandwidth() {
  float4 *x, *y;
  require(cudaMalloc(&x, bytes));
  require(cudaMalloc(&y, bytes));
  require(cudaMemset(x, 1, bytes));
  cudaEvent_t begin, end;
  require(cudaEventCreate(&begin));
  require(cudaEventCreate(&end));
  std::vector<float> milliseconds(rounds);
  for (float& taken : milliseconds) {
    require(cudaEventRecord(begin));
    copy_kernel<<<bytes / sizeof(float4) / vectors / threads, threads>>>(x, y);
    require(cudaGetLastError());
    require(cudaEventRecord(end));
    require(cudaEventSynchronize(end));
    require(cudaEventElapsedTime(&taken, begin, end));
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  require(cudaEventDestroy(begin));
  require(cudaEventDestroy(end));
  require(cudaFree(x));
  require(cudaFree(y));
  return 2.0 * bytes / (milliseconds[rounds / 2] * 1e-3);
}

}  // namespace retort
