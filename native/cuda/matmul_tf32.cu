// Products of float32 rounded to TensorFloat-32 on the way to the registers; how the work is divided stands in
// matmul_tensor.cuh.
#include "matmul_tensor.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

struct Tf32 {
  using Element = float;
  using Sum = float;
  static constexpr int32_t elements = 8, padding_along_k = 4, padding_across = 8;

  template <bool of_a, bool along_k, int32_t pitch>
  __device__ static __forceinline__ void load(uint32_t (&word)[4], const float* tile, int32_t row, int32_t k) {
    if constexpr (along_k) {
      // Four floats are 16 bytes, and a lane's two 16-bit elements of them are one float.
      load_along_k<of_a, pitch>(word, tile, row, k);
#pragma unroll
      for (int32_t i = 0; i < 4; ++i) word[i] = to_tf32(__uint_as_float(word[i]));
    } else {
      const int32_t lane = threadIdx.x % warp_size;
      const float* at = tile + (k + lane % 4) * pitch + row + lane / 4;
#pragma unroll
      for (int32_t i = 0; i < 4; ++i) {
        const int32_t eight = of_a ? i % 2 : i / 2, half = of_a ? i / 2 : i % 2;
        word[i] = to_tf32(at[4 * half * pitch + 8 * eight]);
      }
    }
  }

  __device__ static __forceinline__ void multiply(float (&sum)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    mma_tf32(sum, a, b);
  }
};

}  // namespace

void multiply_tf32(const Product& p) { multiply_on_tensor_cores<Tf32>(p); }

}  // namespace RETORT_ISA
}  // namespace retort
