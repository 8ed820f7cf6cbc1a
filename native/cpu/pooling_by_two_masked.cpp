// One masked vector for sixteen columns of y: a short row (13 for the student) costs one step and no remainder.
#include "pooling_by_two.h"

#if defined(__AVX512F__)
#include <immintrin.h>

namespace retort {
namespace RETORT_ISA {
namespace {

__mmask16 first_lanes(int64_t n) { return static_cast<__mmask16>(n >= 16 ? 0xffff : n <= 0 ? 0 : (1u << n) - 1); }

// The first of equal values wins, and NaN over every number.
struct Best {
  __m512 value;
  __m512i further;  // from the window's first place

  void meet(__m512 other, int32_t place) {
    const __mmask16 number = _mm512_cmp_ps_mask(value, value, _CMP_ORD_Q);
    const __mmask16 take = _mm512_mask_cmp_ps_mask(number, other, value, _CMP_NLE_UQ);
    value = _mm512_mask_mov_ps(value, take, other);
    further = _mm512_mask_set1_epi32(further, take, place);
  }
};

}  // namespace

void max_by_two_masked(const float* x, int64_t height, int64_t width, float* y, int32_t* index) {
  const int64_t rows = height / 2, columns = width / 2;
  const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
  const int32_t below = static_cast<int32_t>(width);
  for (int64_t j = 0; j < columns; j += 16) {
    const int64_t left = columns - j;
    const __mmask16 low = first_lanes(2 * left), high = first_lanes(2 * left - 16), kept = first_lanes(left);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t start = 2 * r * width + 2 * j;
      const float* top = x + start;
      const __m512 a = _mm512_maskz_loadu_ps(low, top), b = _mm512_maskz_loadu_ps(high, top + 16);
      const __m512 c = _mm512_maskz_loadu_ps(low, top + width), d = _mm512_maskz_loadu_ps(high, top + width + 16);
      Best best{_mm512_permutex2var_ps(a, even, b), _mm512_setzero_si512()};
      best.meet(_mm512_permutex2var_ps(a, odd, b), 1);
      best.meet(_mm512_permutex2var_ps(c, even, d), below);
      best.meet(_mm512_permutex2var_ps(c, odd, d), below + 1);
      const __m512i first = _mm512_add_epi32(even, _mm512_set1_epi32(static_cast<int32_t>(start)));
      _mm512_mask_storeu_ps(y + r * columns + j, kept, best.value);
      _mm512_mask_storeu_epi32(index + r * columns + j, kept, _mm512_add_epi32(first, best.further));
    }
  }
}

namespace {

// NaN over every number.
__m512 larger(__m512 a, __m512 b) { return _mm512_mask_max_ps(a, _mm512_cmp_ps_mask(a, a, _CMP_ORD_Q), a, b); }

}  // namespace

bool max_by_two_values(const float* x, int64_t height, int64_t width, float* y) {
  const int64_t rows = height / 2, columns = width / 2;
  const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
  for (int64_t r = 0; r < rows; ++r, x += 2 * width, y += columns) {
    for (int64_t j = 0; j < columns; j += 16) {
      const int64_t left = columns - j;
      const __mmask16 low = first_lanes(2 * left), high = first_lanes(2 * left - 16);
      const float* top = x + 2 * j;
      const float* bottom = top + width;
      const __m512 a = larger(_mm512_maskz_loadu_ps(low, top), _mm512_maskz_loadu_ps(low, bottom));
      const __m512 b = larger(_mm512_maskz_loadu_ps(high, top + 16), _mm512_maskz_loadu_ps(high, bottom + 16));
      const __m512 best = larger(_mm512_permutex2var_ps(a, even, b), _mm512_permutex2var_ps(a, odd, b));
      _mm512_mask_storeu_ps(y + j, first_lanes(left), best);
    }
  }
  return true;
}

}  // namespace RETORT_ISA
}  // namespace retort
#else
namespace retort {
namespace RETORT_ISA {

bool max_by_two_values(const float*, int64_t, int64_t, float*) { return false; }

}  // namespace RETORT_ISA
}  // namespace retort
#endif
