// Ops over the rows of a matrix [B,C], written once for two layouts. Where rows are wide, a body sees one row. Where
// they are narrow, it sees 16 rows turned: value c of row l stands at c·16 + l, so that 16 rows go side by side through
// every loop, and none is too short to be a SIMD loop.
#pragma once

#include "split.h"
#include "sum.h"
#include "vector_math.h"

namespace retort {
namespace RETORT_ISA {

// How many rows stand side by side.
template <int64_t n>
struct Lanes {
  static constexpr int64_t count = n;
};

constexpr int64_t narrow_lanes = 16;
// Most columns of a narrow row: four turned blocks of them still fit the first cache.
constexpr int64_t narrow_columns = 128;

// body(i, lane) for every value.
template <int64_t lanes, typename Body>
RETORT_INLINE void each(Lanes<lanes>, int64_t columns, const Body& body) {
  if (lanes == 1) {
#pragma omp simd
    for (int64_t i = 0; i < columns; ++i) body(i, 0);
    return;
  }
  for (int64_t c = 0; c < columns; ++c) {
#pragma omp simd
    for (int64_t lane = 0; lane < lanes; ++lane) body(c * lanes + lane, lane);
  }
}

// most[lane] = max term(i, lane); NaN is passed over.
template <int64_t lanes, typename Term>
RETORT_INLINE void max_each(Lanes<lanes>, int64_t columns, const Term& term, float* most) {
  if (lanes == 1) {
    float best = -__builtin_inff();
#pragma omp simd reduction(max : best)
    for (int64_t i = 0; i < columns; ++i) {
      const float value = term(i, 0);
      best = value > best ? value : best;
    }
    *most = best;
    return;
  }
  float best[lanes];
  for (int64_t lane = 0; lane < lanes; ++lane) best[lane] = -__builtin_inff();
  for (int64_t c = 0; c < columns; ++c) {
#pragma omp simd
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const float value = term(c * lanes + lane, lane);
      best[lane] = select(value > best[lane], value, best[lane]);
    }
  }
  for (int64_t lane = 0; lane < lanes; ++lane) most[lane] = best[lane];
}

// total[lane] = Σ term(i, lane).
template <int64_t lanes, typename Term>
RETORT_INLINE void sum_each(Lanes<lanes>, int64_t columns, const Term& term, float* total) {
  if (lanes == 1) {
    *total = static_cast<float>(sum(0, columns, [&](int64_t i) { return term(i, 0); }));
    return;
  }
  float part[lanes] = {};
  for (int64_t c = 0; c < columns; ++c) {
#pragma omp simd
    for (int64_t lane = 0; lane < lanes; ++lane) part[lane] += term(c * lanes + lane, lane);
  }
  for (int64_t lane = 0; lane < lanes; ++lane) total[lane] = part[lane];
}

// Rows beyond the last repeat it.
RETORT_INLINE void turn(const float* rows, int64_t count, int64_t columns, float* turned) {
  for (int64_t lane = 0; lane < narrow_lanes; ++lane) {
    const float* row = rows + (lane < count ? lane : count - 1) * columns;
    for (int64_t c = 0; c < columns; ++c) turned[c * narrow_lanes + lane] = row[c];
  }
}

RETORT_INLINE void turn_back(const float* turned, int64_t count, int64_t columns, float* rows) {
  for (int64_t lane = 0; lane < count; ++lane) {
    for (int64_t c = 0; c < columns; ++c) rows[lane * columns + c] = turned[c * narrow_lanes + lane];
  }
}

// Calls body(lanes, a, b, y, first, count) for every group of rows, `count` of them real, and adds up its results, one
// double a group. a and b are inputs [rows, columns], b may be null; y is the output.
template <typename Body>
double for_rows(int32_t threads, int64_t rows, int64_t columns, const float* a, const float* b, float* y,
                const Body& body) {
  const int64_t grain = ceil_div(ceil_div(chunk_elements, columns), narrow_lanes) * narrow_lanes;
  return split_sum(threads, rows, grain, [&](int64_t begin, int64_t end) {
    double total = 0;
    if (columns > narrow_columns) {
      for (int64_t r = begin; r < end; ++r) {
        const int64_t at = r * columns;
        total += body(Lanes<1>(), a + at, b == nullptr ? b : b + at, y + at, r, int64_t{1});
      }
      return total;
    }
    alignas(64) float turned_a[narrow_lanes * narrow_columns], turned_b[narrow_lanes * narrow_columns];
    alignas(64) float turned_y[narrow_lanes * narrow_columns];
    for (int64_t r = begin; r < end; r += narrow_lanes) {
      const int64_t count = end - r < narrow_lanes ? end - r : narrow_lanes;
      turn(a + r * columns, count, columns, turned_a);
      if (b != nullptr) turn(b + r * columns, count, columns, turned_b);
      total += body(Lanes<narrow_lanes>(), turned_a, turned_b, turned_y, r, count);
      turn_back(turned_y, count, columns, y + r * columns);
    }
    return total;
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
