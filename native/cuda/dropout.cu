// A thread draws Philox4x32-10 once for four neighbours. Bound by memory: 8 bytes an element; the ten rounds take about
// twenty instructions an element, half of what fits beside that.
#include "require/dropout.h"

#include <cmath>

#include "cuda_kernels.h"
#include "device/elements.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

struct Words {
  uint32_t at[4];
};

// Philox4x32-10 of the counter (low and high word of `group`, stream, 0).
__device__ __forceinline__ Words draw(uint32_t key0, uint32_t key1, uint64_t group, uint32_t stream) {
  uint32_t c0 = static_cast<uint32_t>(group), c1 = static_cast<uint32_t>(group >> 32), c2 = stream, c3 = 0;
#pragma unroll
  for (int32_t round = 0; round < 10; ++round) {
    const uint32_t a_high = __umulhi(0xD2511F53u, c0), a_low = 0xD2511F53u * c0;
    const uint32_t b_high = __umulhi(0xCD9E8D57u, c2), b_low = 0xCD9E8D57u * c2;
    c0 = b_high ^ c1 ^ key0;
    c2 = a_high ^ c3 ^ key1;
    c1 = b_low;
    c3 = a_low;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}

struct Dropout {
  const float* x;
  const uint32_t* key;
  float* y;
  // Kept where the upper 24 bits of the element's word are this or more.
  uint32_t threshold, stream;
  float scale;

  template <int32_t width>
  __device__ __forceinline__ Pack<float, width> load(int64_t i) const {
    return load_pack<width>(x + i);
  }
  template <int32_t width>
  __device__ __forceinline__ void store(int64_t i, Pack<float, width> v) const {
    const Words words = draw(key[0], key[1], static_cast<uint64_t>(i) / 4, stream);
    const int32_t first = static_cast<int32_t>(i % 4);
#pragma unroll
    for (int32_t j = 0; j < width; ++j) {
      // By comparisons: an index that is no constant would send the words through memory.
      const int32_t k = width == 4 ? j : first;
      const uint32_t word = k == 0 ? words.at[0] : k == 1 ? words.at[1] : k == 2 ? words.at[2] : words.at[3];
      v.at[j] = word >> 8 >= threshold ? v.at[j] * scale : 0.0f;
    }
    store_pack(y + i, v);
  }
};

}  // namespace

void CudaKernels::dropout(const TensorView& x, const TensorView& seed, TensorView& y, float rate, int32_t stream) {
  Operands operands("dropout");
  operands.in("x", x).in("seed", seed).out("y", y);
  require_dropout(x, seed, y, rate);
  // rate·2^24 is exact in float.
  const Dropout body{floats(x),
                     static_cast<const uint32_t*>(seed.data),
                     floats(y),
                     static_cast<uint32_t>(std::ceil(rate * 16777216.0f)),
                     static_cast<uint32_t>(stream),
                     1.0f / (1.0f - rate)};
  launch_elements<4>(body, x.size(), aligned_to(16, x.data, y.data), stream_);
}

}  // namespace RETORT_ISA
}  // namespace retort
