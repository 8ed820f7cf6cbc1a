// y of partial sums: a block takes 32 neighbouring elements, its warps take turns at the parts, and one warp adds what
// they have, always in the same order. Bound by memory, of which the partial sums mostly stand in L2.
#include "matmul.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t most_warps = 8;

template <int32_t warps, typename Sum>
__global__ void __launch_bounds__(warps* warp_size) sum_parts_kernel(Product p, int32_t parts, const Sum* partial) {
  __shared__ Sum shares[most_warps][warp_size];
  const int32_t lane = threadIdx.x % warp_size, warp = threadIdx.x / warp_size;
  const int64_t size = p.m * p.n, i = int64_t{blockIdx.x} * warp_size + lane;
  Sum sum[1] = {};
  if (i < size) {
    for (int32_t part = warp; part < parts; part += warps) sum[0] += partial[part * size + i];
  }
  shares[warp][lane] = sum[0];
  // Every warp's share must be there before the first warp adds them.
  __syncthreads();
  if (warp != 0 || i >= size) return;
#pragma unroll
  for (int32_t other = 1; other < warps; ++other) sum[0] += shares[other][lane];
  finish(p, i / p.n, i % p.n, sum, Columns<1>(p, i % p.n));
}

template <typename Sum>
void sum(const Product& p, int32_t parts) {
  const uint32_t blocks = static_cast<uint32_t>((p.m * p.n + warp_size - 1) / warp_size);
  const Sum* const partial = static_cast<const Sum*>(p.scratch);
  if (parts > most_warps) {
    launch(sum_parts_kernel<most_warps, Sum>, blocks, most_warps * warp_size, 0, p.stream, p, parts, partial);
  } else {
    launch(sum_parts_kernel<2, Sum>, blocks, 2 * warp_size, 0, p.stream, p, parts, partial);
  }
}

}  // namespace

void sum_parts(const Product& p, int32_t parts) {
  if (p.dtype == DType::int8) {
    sum<int32_t>(p, parts);
  } else {
    sum<float>(p, parts);
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
