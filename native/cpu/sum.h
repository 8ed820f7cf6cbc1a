// Sums that stay accurate over many elements: floats side by side in short runs, doubles over the runs.
#pragma once

#include <cstdint>

#include "inline.h"

namespace retort {
namespace RETORT_ISA {

// Elements that the float accumulators take before they are emptied into a double.
constexpr int64_t sum_run = 4096;
// The same for a column sum, counted in rows.
constexpr int64_t sum_rows = 16;

// Σ term(i), begin ≤ i < end, in one order for every instruction set.
template <typename Term>
RETORT_INLINE double sum(int64_t begin, int64_t end, const Term& term) {
  constexpr int64_t lanes = 64;
  double total = 0;
  for (int64_t run = begin; run < end; run += sum_run) {
    const int64_t stop = end - run < sum_run ? end : run + sum_run;
    alignas(64) float lane[lanes] = {};
    int64_t i = run;
    for (; i + lanes <= stop; i += lanes) {
#pragma omp simd
      for (int64_t j = 0; j < lanes; ++j) lane[j] += term(i + j);
    }
    const int64_t rest = stop - i;
#pragma omp simd
    for (int64_t j = 0; j < rest; ++j) lane[j] += term(i + j);
    for (int64_t half = lanes / 2; half >= 1; half /= 2) {
#pragma omp simd
      for (int64_t j = 0; j < half; ++j) lane[j] += lane[j + half];
    }
    total += lane[0];
  }
  return total;
}

// totals[j − begin] = Σ_r term(r·stride + j, j), 0 ≤ r < rows, begin ≤ j < end: at most column_block columns.
constexpr int64_t column_block = 128;

template <typename Term>
RETORT_INLINE void sum_columns(int64_t rows, int64_t stride, int64_t begin, int64_t end, const Term& term,
                               double* totals) {
  float part[column_block];
  const int64_t columns = end - begin;
  for (int64_t j = 0; j < columns; ++j) totals[j] = 0;
  for (int64_t run = 0; run < rows; run += sum_rows) {
    const int64_t stop = rows - run < sum_rows ? rows : run + sum_rows;
    for (int64_t j = 0; j < columns; ++j) part[j] = 0;
    for (int64_t r = run; r < stop; ++r) {
      const int64_t row = r * stride + begin;
#pragma omp simd
      for (int64_t j = 0; j < columns; ++j) part[j] += term(row + j, begin + j);
    }
    for (int64_t j = 0; j < columns; ++j) totals[j] += part[j];
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
