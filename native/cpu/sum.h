// Sums that stay accurate over many elements: floats side by side in short runs, doubles over the runs.
#pragma once

#include <cstdint>

namespace retort {
namespace RETORT_ISA {

// Elements that one vector of float accumulators takes before it is emptied into a double.
constexpr int64_t sum_run = 1024;
// The same for a column sum, counted in rows.
constexpr int64_t sum_rows = 64;

// Σ term(i), begin ≤ i < end.
template <typename Term>
inline double sum(int64_t begin, int64_t end, const Term& term) {
  double total = 0;
  for (int64_t run = begin; run < end; run += sum_run) {
    const int64_t stop = end - run < sum_run ? end : run + sum_run;
    float part = 0;
#pragma omp simd reduction(+ : part)
    for (int64_t i = run; i < stop; ++i) part += term(i);
    total += part;
  }
  return total;
}

// totals[j − begin] = Σ_r term(r·stride + j, j), 0 ≤ r < rows, begin ≤ j < end: at most column_block columns.
constexpr int64_t column_block = 128;

template <typename Term>
inline void sum_columns(int64_t rows, int64_t stride, int64_t begin, int64_t end, const Term& term, double* totals) {
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
