// A convolution of few taps and the 2×2 max pool behind it, in registers: two rows of up to 32 pixels for a few outputs
// are summed at once, x read where it lies, and only their maxima are written. Bound by the multiply-adds.
#include "conv2d.h"

#if defined(__AVX512F__)
#include <immintrin.h>

#include <algorithm>

#include "parallel.h"
#include "product.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int outputs_at_once = 4;
constexpr int64_t strip = 32;  // columns of the convolution

__mmask16 first_lanes(int64_t n) { return static_cast<__mmask16>(n >= 16 ? 0xffff : n <= 0 ? 0 : (1u << n) - 1); }

// NaN over every number.
__m512 larger(__m512 a, __m512 b) { return _mm512_mask_max_ps(a, _mm512_cmp_ps_mask(a, a, _CMP_ORD_Q), a, b); }

// The first of equal values wins, and NaN over every number.
struct Best {
  __m512 value;
  __m512i place;

  void meet(__m512 other, __m512i at) {
    const __mmask16 number = _mm512_cmp_ps_mask(value, value, _CMP_ORD_Q);
    const __mmask16 take = _mm512_mask_cmp_ps_mask(number, other, value, _CMP_NLE_UQ);
    value = _mm512_mask_mov_ps(value, take, other);
    place = _mm512_mask_mov_epi32(place, take, at);
  }
};

// Some outputs of one image. Weights [channels][kernel_h][kernel_w][outputs].
struct Part {
  const Convolution& shape;
  const float* x;
  const float* weights;
  const float* bias;
  float* y;
  int32_t* index;
  __m512 floor;

  int64_t rows() const { return shape.out_height / 2; }
  int64_t columns() const { return shape.out_width / 2; }
};

template <int outputs>
struct Sums {
  __m512 of[outputs][2][2];  // rows, vectors

  __attribute__((always_inline)) void add(int row, const float* w, __m512 left, __m512 right) {
#pragma GCC unroll 4
    for (int o = 0; o < outputs; ++o) {
      const __m512 weight = _mm512_set1_ps(w[o]);
      of[o][row][0] = _mm512_fmadd_ps(weight, left, of[o][row][0]);
      of[o][row][1] = _mm512_fmadd_ps(weight, right, of[o][row][1]);
    }
  }
};

// kernel 0: any width.
template <int outputs, int kernel>
__attribute__((always_inline)) inline void sum(const Part& part, const float* x, __mmask16 low, __mmask16 high,
                                               Sums<outputs>& sums) {
  const int64_t kernel_h = part.shape.window.kernel_h, kernel_w = kernel ? kernel : part.shape.window.kernel_w;
  const int64_t width = part.shape.width, weight_row = kernel_w * outputs;
  const float* w = part.weights;
  for (int64_t c = 0; c < part.shape.channels; ++c, x += part.shape.height * width, w += kernel_h * weight_row) {
    for (int64_t k = 0; k <= kernel_h; ++k) {
      const float* row = x + k * width;
      const float* above = w + k * weight_row;
#pragma GCC unroll 5
      for (int64_t kw = 0; kw < kernel_w; ++kw) {
        const __m512 left = _mm512_maskz_loadu_ps(low, row + kw), right = _mm512_maskz_loadu_ps(high, row + kw + 16);
        if (k < kernel_h) sums.add(0, above + kw * outputs, left, right);
        if (k > 0) sums.add(1, above + kw * outputs - weight_row, left, right);
      }
    }
  }
}

template <int outputs, int kernel>
void pool(const Part& part) {
  const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
  const int64_t width = part.shape.out_width, columns = part.columns(), pooled = part.rows() * columns;
  const __m512i below = _mm512_set1_epi32(static_cast<int32_t>(width)), one = _mm512_set1_epi32(1);
  for (int64_t j = 0; j < columns; j += strip / 2) {
    const __mmask16 low = first_lanes(2 * (columns - j)), high = first_lanes(2 * (columns - j) - 16);
    const __mmask16 kept = first_lanes(columns - j);
    for (int64_t r = 0; r < part.rows(); ++r) {
      Sums<outputs> sums;
#pragma GCC unroll 4
      for (int o = 0; o < outputs; ++o) {
        const __m512 bias = _mm512_set1_ps(part.bias[o]);
        sums.of[o][0][0] = sums.of[o][0][1] = sums.of[o][1][0] = sums.of[o][1][1] = bias;
      }
      sum<outputs, kernel>(part, part.x + 2 * r * part.shape.width + 2 * j, low, high, sums);
      const int64_t to = r * columns + j;
      const __m512i first = _mm512_add_epi32(even, _mm512_set1_epi32(static_cast<int32_t>(2 * r * width + 2 * j)));
#pragma GCC unroll 4
      for (int o = 0; o < outputs; ++o) {
        __m512(&s)[2][2] = sums.of[o];
        if (part.index == nullptr) {
          const __m512 left = larger(s[0][0], s[1][0]), right = larger(s[0][1], s[1][1]);
          const __m512 best =
              larger(_mm512_permutex2var_ps(left, even, right), _mm512_permutex2var_ps(left, odd, right));
          _mm512_mask_storeu_ps(part.y + o * pooled + to, kept, _mm512_maskz_max_ps(0xffff, part.floor, best));
          continue;
        }
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) s[i / 2][i % 2] = _mm512_maskz_max_ps(0xffff, part.floor, s[i / 2][i % 2]);
        Best best{_mm512_permutex2var_ps(s[0][0], even, s[0][1]), first};
        best.meet(_mm512_permutex2var_ps(s[0][0], odd, s[0][1]), _mm512_add_epi32(first, one));
        const __m512i under = _mm512_add_epi32(first, below);
        best.meet(_mm512_permutex2var_ps(s[1][0], even, s[1][1]), under);
        best.meet(_mm512_permutex2var_ps(s[1][0], odd, s[1][1]), _mm512_add_epi32(under, one));
        _mm512_mask_storeu_ps(part.y + o * pooled + to, kept, best.value);
        _mm512_mask_storeu_epi32(part.index + o * pooled + to, kept, best.place);
      }
    }
  }
}

template <int outputs>
void pool(const Part& part) {
  switch (part.shape.window.kernel_w) {
    case 3:
      return pool<outputs, 3>(part);
    case 5:
      return pool<outputs, 5>(part);
    default:
      return pool<outputs, 0>(part);
  }
}

}  // namespace

bool by_two_fits(const Convolution& shape, const Pooling& pooling, Activation activation) {
  const Window& w = shape.window;
  return planes_fit(shape) && pooling.by_two() && shape.groups == 1 && w.stride_h == 1 && w.stride_w == 1 &&
         w.pad_h == 0 && w.pad_w == 0 && activation != Activation::gelu;
}

void forward_by_two(const Convolution& shape, const float* x, const float* w, const float* bias,
                    const PooledPlanes& pooled, Activation activation) {
  const int64_t taps = shape.channels * shape.taps();
  float* weights = scratch(0, shape.outputs * (taps + 1));
  float* biases = weights + shape.outputs * taps;
  for (int64_t o = 0; o < shape.outputs; ++o) {
    const int64_t block = o / outputs_at_once * outputs_at_once;
    const int64_t count = std::min<int64_t>(shape.outputs - block, outputs_at_once);
    for (int64_t k = 0; k < taps; ++k) weights[block * taps + k * count + o - block] = w[o * taps + k];
    biases[o] = bias ? bias[o] : 0;
  }
  const int64_t image = shape.channels * shape.height * shape.width, small = pooled.pooling.pooled();
  const __m512 floor = _mm512_set1_ps(activation == Activation::relu ? 0 : -__builtin_inff());
  const int64_t chunks = chunk_limit(shape.multiply_adds(), shape.threads);
  parallel(chunks > 1 ? shape.threads : 1, shape.batch, [&](int64_t n) {
    for (int64_t o = 0; o < shape.outputs; o += outputs_at_once) {
      const int64_t to = (n * shape.outputs + o) * small;
      const Part part{shape,      x + n * image, weights + o * taps,
                      biases + o, pooled.y + to, pooled.index ? pooled.index + to : nullptr,
                      floor};
      switch (std::min<int64_t>(shape.outputs - o, outputs_at_once)) {
        case 4:
          pool<4>(part);
          break;
        case 3:
          pool<3>(part);
          break;
        case 2:
          pool<2>(part);
          break;
        default:
          pool<1>(part);
      }
    }
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
#else
namespace retort {
namespace RETORT_ISA {

bool by_two_fits(const Convolution&, const Pooling&, Activation) { return false; }
void forward_by_two(const Convolution&, const float*, const float*, const float*, const PooledPlanes&, Activation) {}

}  // namespace RETORT_ISA
}  // namespace retort
#endif
