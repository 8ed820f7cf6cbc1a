// Rows are short (13 for the student), so that a vector loop with a scalar remainder would spend its time in the
// remainder: the last vector of a row overlaps the one before it instead.
#include "pooling_by_two.h"

namespace retort {
namespace RETORT_ISA {
namespace {

template <int lanes>
struct Vectors;

// Loads and stores at any address; the shuffles part or join neighbours.
template <>
struct Vectors<8> {
  typedef float Float __attribute__((vector_size(32)));
  typedef int32_t Int __attribute__((vector_size(32)));
  typedef float LooseFloat __attribute__((vector_size(32), aligned(4), may_alias));
  typedef int32_t LooseInt __attribute__((vector_size(32), aligned(4), may_alias));
  static constexpr Int steps = {0, 2, 4, 6, 8, 10, 12, 14};
};
template <>
struct Vectors<4> {
  typedef float Float __attribute__((vector_size(16)));
  typedef int32_t Int __attribute__((vector_size(16)));
  typedef float LooseFloat __attribute__((vector_size(16), aligned(4), may_alias));
  typedef int32_t LooseInt __attribute__((vector_size(16), aligned(4), may_alias));
  static constexpr Int steps = {0, 2, 4, 6};
};

#define RETORT_EVEN8(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
#define RETORT_ODD8(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15)
#define RETORT_LOW8(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define RETORT_HIGH8(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define RETORT_EVEN4(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6)
#define RETORT_ODD4(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7)
#define RETORT_LOW4(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define RETORT_HIGH4(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)

// Neighbours x[2j] and x[2j + 1] of one row.
template <int lanes>
struct Pairs {
  typename Vectors<lanes>::Float even, odd;

  __attribute__((always_inline)) explicit Pairs(const float* x) {
    typedef typename Vectors<lanes>::LooseFloat Loose;
    const typename Vectors<lanes>::Float a = *reinterpret_cast<const Loose*>(x);
    const typename Vectors<lanes>::Float b = *reinterpret_cast<const Loose*>(x + lanes);
    if constexpr (lanes == 8) {
      even = RETORT_EVEN8(a, b);
      odd = RETORT_ODD8(a, b);
    } else {
      even = RETORT_EVEN4(a, b);
      odd = RETORT_ODD4(a, b);
    }
  }
};

// The other way: x[2j] = even[j], x[2j + 1] = odd[j].
template <int lanes>
__attribute__((always_inline)) inline void join(const typename Vectors<lanes>::Float& even,
                                                const typename Vectors<lanes>::Float& odd, float* x) {
  typedef typename Vectors<lanes>::LooseFloat Loose;
  if constexpr (lanes == 8) {
    *reinterpret_cast<Loose*>(x) = RETORT_LOW8(even, odd);
    *reinterpret_cast<Loose*>(x + lanes) = RETORT_HIGH8(even, odd);
  } else {
    *reinterpret_cast<Loose*>(x) = RETORT_LOW4(even, odd);
    *reinterpret_cast<Loose*>(x + lanes) = RETORT_HIGH4(even, odd);
  }
}

// body(row, column) for vectors that together cover every row of y; neighbours may overlap.
template <int lanes, typename Body>
__attribute__((always_inline)) inline void for_vectors(int64_t rows, int64_t columns, const Body& body) {
  for (int64_t r = 0; r < rows; ++r) {
    int64_t j = 0;
    for (; j + lanes <= columns; j += lanes) body(r, j);
    if (j < columns) body(r, columns - lanes);
  }
}

// The first of equal values wins, and NaN over every number.
struct Best {
  float value;
  int32_t place;

  __attribute__((always_inline)) void meet(float other, int32_t at) {
    const bool take = (other > value) | (other != other);
    value = take ? other : value;
    place = take ? at : place;
  }
};

template <int lanes>
struct BestVector {
  typename Vectors<lanes>::Float value;
  typename Vectors<lanes>::Int place;

  __attribute__((always_inline)) void meet(const typename Vectors<lanes>::Float& other, int32_t further,
                                           const typename Vectors<lanes>::Int& first) {
    const typename Vectors<lanes>::Int take = (other > value) | (other != other);
    value = take ? other : value;
    place = take ? first + further : place;
  }
};

template <int lanes>
void max_vectors(const float* x, int64_t height, int64_t width, float* y, int32_t* index) {
  typedef typename Vectors<lanes>::LooseFloat LooseFloat;
  typedef typename Vectors<lanes>::LooseInt LooseInt;
  const int64_t columns = width / 2;
  const int32_t below = static_cast<int32_t>(width);
  for_vectors<lanes>(height / 2, columns, [&](int64_t r, int64_t j) {
    const int64_t start = 2 * r * width + 2 * j;
    const Pairs<lanes> top(x + start), bottom(x + start + width);
    const typename Vectors<lanes>::Int first = Vectors<lanes>::steps + static_cast<int32_t>(start);
    BestVector<lanes> best{top.even, first};
    best.meet(top.odd, 1, first);
    best.meet(bottom.even, below, first);
    best.meet(bottom.odd, below + 1, first);
    *reinterpret_cast<LooseFloat*>(y + r * columns + j) = best.value;
    *reinterpret_cast<LooseInt*>(index + r * columns + j) = best.place;
  });
}

template <int lanes>
void max_vectors_backward(const float* dy, const int32_t* index, int64_t height, int64_t width, float* dx) {
  typedef typename Vectors<lanes>::Float Float;
  typedef typename Vectors<lanes>::Int Int;
  const int64_t columns = width / 2;
  const int32_t below = static_cast<int32_t>(width);
  for_vectors<lanes>(height / 2, columns, [&](int64_t r, int64_t j) {
    const int64_t start = 2 * r * width + 2 * j, from = r * columns + j;
    const Float d = *reinterpret_cast<const typename Vectors<lanes>::LooseFloat*>(dy + from);
    const Int place = *reinterpret_cast<const typename Vectors<lanes>::LooseInt*>(index + from);
    const Int at = place - (Vectors<lanes>::steps + static_cast<int32_t>(start));
    const Float none = {};
    join<lanes>(at == 0 ? d : none, at == 1 ? d : none, dx + start);
    join<lanes>(at == below ? d : none, at == below + 1 ? d : none, dx + start + width);
  });
}

template <int lanes>
void avg_vectors(const float* x, int64_t height, int64_t width, float* y) {
  const int64_t columns = width / 2;
  for_vectors<lanes>(height / 2, columns, [&](int64_t r, int64_t j) {
    const int64_t start = 2 * r * width + 2 * j;
    const Pairs<lanes> top(x + start), bottom(x + start + width);
    *reinterpret_cast<typename Vectors<lanes>::LooseFloat*>(y + r * columns + j) =
        (top.even + top.odd + bottom.even + bottom.odd) * 0.25f;
  });
}

template <int lanes>
void avg_vectors_backward(const float* dy, int64_t height, int64_t width, float* dx) {
  const int64_t columns = width / 2;
  for_vectors<lanes>(height / 2, columns, [&](int64_t r, int64_t j) {
    const int64_t start = 2 * r * width + 2 * j;
    typename Vectors<lanes>::Float d =
        *reinterpret_cast<const typename Vectors<lanes>::LooseFloat*>(dy + r * columns + j);
    d *= 0.25f;
    join<lanes>(d, d, dx + start);
    join<lanes>(d, d, dx + start + width);
  });
}

// The odd last row and column, which no window sees.
void clear_rest(int64_t height, int64_t width, float* dx) {
  if (width % 2 != 0) {
    for (int64_t r = 0; r < height; ++r) dx[r * width + width - 1] = 0.0f;
  }
  if (height % 2 != 0) {
    for (int64_t i = (height - 1) * width; i < height * width; ++i) dx[i] = 0.0f;
  }
}

}  // namespace

void max_by_two(const float* x, int64_t height, int64_t width, float* y, int32_t* index) {
  const int64_t columns = width / 2;
#if defined(__AVX512F__)
  if (columns >= 6) return max_by_two_masked(x, height, width, y, index);
#endif
  if (columns >= 8) return max_vectors<8>(x, height, width, y, index);
  if (columns >= 4) return max_vectors<4>(x, height, width, y, index);
  for (int64_t i = 0; i < height / 2 * columns; ++i) {
    const int64_t start = i / columns * 2 * width + i % columns * 2;
    const int32_t place = static_cast<int32_t>(start), below = place + static_cast<int32_t>(width);
    Best best{x[start], place};
    best.meet(x[start + 1], place + 1);
    best.meet(x[start + width], below);
    best.meet(x[start + width + 1], below + 1);
    y[i] = best.value;
    index[i] = best.place;
  }
}

void max_by_two_backward(const float* dy, const int32_t* index, int64_t height, int64_t width, float* dx) {
  const int64_t columns = width / 2;
  clear_rest(height, width, dx);
  if (columns >= 8) return max_vectors_backward<8>(dy, index, height, width, dx);
  if (columns >= 4) return max_vectors_backward<4>(dy, index, height, width, dx);
  for (int64_t i = 0; i < height / 2 * columns; ++i) {
    const int64_t start = i / columns * 2 * width + i % columns * 2;
    const int64_t places[] = {start, start + 1, start + width, start + width + 1};
    for (int64_t at : places) dx[at] = index[i] == at ? dy[i] : 0.0f;
  }
}

void avg_by_two(const float* x, int64_t height, int64_t width, float* y) {
  const int64_t columns = width / 2;
  if (columns >= 8) return avg_vectors<8>(x, height, width, y);
  if (columns >= 4) return avg_vectors<4>(x, height, width, y);
  for (int64_t i = 0; i < height / 2 * columns; ++i) {
    const float* at = x + i / columns * 2 * width + i % columns * 2;
    y[i] = (at[0] + at[1] + at[width] + at[width + 1]) * 0.25f;
  }
}

void avg_by_two_backward(const float* dy, int64_t height, int64_t width, float* dx) {
  const int64_t columns = width / 2;
  clear_rest(height, width, dx);
  if (columns >= 8) return avg_vectors_backward<8>(dy, height, width, dx);
  if (columns >= 4) return avg_vectors_backward<4>(dy, height, width, dx);
  for (int64_t i = 0; i < height / 2 * columns; ++i) {
    float* at = dx + i / columns * 2 * width + i % columns * 2;
    at[0] = at[1] = at[width] = at[width + 1] = 0.25f * dy[i];
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
