#include "require/dropout.h"

#include "cpu_kernels.h"
#include "split.h"

namespace retort {
namespace RETORT_ISA {
namespace {

// Groups of four elements whose random words are drawn side by side.
constexpr int64_t groups = 64;

// words[4·g + k] = word k of the Philox4x32-10 block whose counter is (first + g, stream).
void draw(uint32_t key0, uint32_t key1, uint64_t first, uint32_t stream, uint32_t* words) {
#pragma omp simd
  for (int64_t g = 0; g < groups; ++g) {
    const uint64_t counter = first + static_cast<uint64_t>(g);
    uint32_t c0 = static_cast<uint32_t>(counter), c1 = static_cast<uint32_t>(counter >> 32), c2 = stream, c3 = 0;
    uint32_t k0 = key0, k1 = key1;
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
      const uint64_t a = uint64_t{0xD2511F53u} * c0, b = uint64_t{0xCD9E8D57u} * c2;
      c0 = static_cast<uint32_t>(b >> 32) ^ c1 ^ k0;
      c2 = static_cast<uint32_t>(a >> 32) ^ c3 ^ k1;
      c1 = static_cast<uint32_t>(b);
      c3 = static_cast<uint32_t>(a);
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    words[4 * g] = c0;
    words[4 * g + 1] = c1;
    words[4 * g + 2] = c2;
    words[4 * g + 3] = c3;
  }
}

}  // namespace

void CpuKernels::dropout(const TensorView& x, const TensorView& seed, TensorView& y, float rate, int32_t stream) {
  require_dropout(x, seed, y, rate);
  const uint32_t* key = static_cast<const uint32_t*>(seed.data);
  const uint32_t key0 = key[0], key1 = key[1];
  // The upper 24 bits of a word against rate·2^24: exact in float.
  const int32_t threshold = static_cast<int32_t>(__builtin_ceilf(rate * 16777216.0f));
  const float scale = 1.0f / (1.0f - rate);
  const float* from = floats(x);
  float* to = floats(y);
  split(threads_, x.size(), chunk_elements, [&](int64_t begin, int64_t end) {
    uint32_t words[4 * groups];
    for (int64_t i = begin; i < end; i += 4 * groups) {
      draw(key0, key1, static_cast<uint64_t>(i / 4), static_cast<uint32_t>(stream), words);
      const int64_t count = end - i < 4 * groups ? end - i : 4 * groups;
#pragma omp simd
      for (int64_t j = 0; j < count; ++j) {
        const float kept = from[i + j] * scale;
        to[i + j] = static_cast<int32_t>(words[j] >> 8) >= threshold ? kept : 0.0f;
      }
    }
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
