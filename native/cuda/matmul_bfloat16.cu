// Products of bfloat16, and of float32 rounded to it on the way to the registers; how the work is divided stands in
// matmul_tensor.cuh.
#include "matmul_tensor.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

struct Bfloat16 {
  using Element = bfloat16;
  using Sum = float;
  static constexpr int32_t elements = 16, padding_along_k = 8, padding_across = 8;

  template <bool of_a, bool along_k, int32_t pitch>
  __device__ static __forceinline__ void load(uint32_t (&word)[4], const bfloat16* tile, int32_t row, int32_t k) {
    if constexpr (along_k) {
      load_along_k<of_a, pitch>(word, tile, row, k);
    } else {
      const LaneBlock<of_a> lane;
      load_matrices_transposed(word, tile + (k + 8 * lane.half + lane.within) * pitch + row + lane.row);
    }
  }

  __device__ static __forceinline__ void multiply(float (&sum)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    mma_bfloat16(sum, a, b);
  }
};

struct RoundedToBfloat16 {
  using Element = float;
  using Sum = float;
  static constexpr int32_t elements = 16, padding_along_k = 8, padding_across = 4;

  template <bool of_a, bool along_k, int32_t pitch>
  __device__ static __forceinline__ void load(uint32_t (&word)[4], const float* tile, int32_t row, int32_t k) {
    const int32_t lane = threadIdx.x % warp_size, line = row + lane / 4, first = k + lane % 4 * 2;
    const float* at = along_k ? tile + line * pitch + first : tile + first * pitch + line;
#pragma unroll
    for (int32_t i = 0; i < 4; ++i) {
      const int32_t eight = of_a ? i % 2 : i / 2, half = of_a ? i / 2 : i % 2;
      if constexpr (along_k) {
        const float2 two = *reinterpret_cast<const float2*>(at + 8 * eight * pitch + 8 * half);
        word[i] = pack_bfloat16(two.x, two.y);
      } else {
        const float* of_k = at + 8 * half * pitch + 8 * eight;
        word[i] = pack_bfloat16(of_k[0], of_k[pitch]);
      }
    }
  }

  __device__ static __forceinline__ void multiply(float (&sum)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    mma_bfloat16(sum, a, b);
  }
};

}  // namespace

void multiply_bfloat16(const Product& p) { multiply_on_tensor_cores<Bfloat16>(p); }

void multiply_rounded_to_bfloat16(const Product& p) { multiply_on_tensor_cores<RoundedToBfloat16>(p); }

}  // namespace RETORT_ISA
}  // namespace retort
