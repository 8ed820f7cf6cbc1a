// Loops over tensors seen as [samples, channels, plane].
#pragma once

#include "require/require.h"
#include "split.h"
#include "sum.h"

namespace retort {
namespace RETORT_ISA {

// body(begin, end) over the channels, at most column_block at a time.
template <typename Body>
void split_channels(int32_t threads, const Channels& shape, const Body& body) {
  int64_t grain = ceil_div(chunk_elements, shape.values());
  // 16 channels side by side are one cache line.
  if (shape.plane == 1) grain = ceil_div(grain, 16) * 16;
  if (grain > column_block) grain = column_block;
  split(threads, shape.channels, grain, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; block += column_block) {
      body(block, end - block < column_block ? end : block + column_block);
    }
  });
}

// totals[c − begin] = Σ term(index, c) over every place of channel c, begin ≤ c < end: at most column_block channels.
template <typename Term>
RETORT_INLINE void sum_channels(const Channels& shape, int64_t begin, int64_t end, const Term& term, double* totals) {
  if (shape.plane == 1) return sum_columns(shape.samples, shape.channels, begin, end, term, totals);
  for (int64_t c = begin; c < end; ++c) {
    double total = 0;
    for (int64_t n = 0; n < shape.samples; ++n) {
      const int64_t start = (n * shape.channels + c) * shape.plane;
      total += sum(start, start + shape.plane, [&](int64_t i) { return term(i, c); });
    }
    totals[c - begin] = total;
  }
}

// body(index, c) at every place of the channels [begin, end).
template <typename Body>
RETORT_INLINE void for_channels(const Channels& shape, int64_t begin, int64_t end, const Body& body) {
  for (int64_t n = 0; n < shape.samples; ++n) {
    if (shape.plane == 1) {
      const int64_t row = n * shape.channels;
#pragma omp simd
      for (int64_t c = begin; c < end; ++c) body(row + c, c);
      continue;
    }
    for (int64_t c = begin; c < end; ++c) {
      const int64_t start = (n * shape.channels + c) * shape.plane;
#pragma omp simd
      for (int64_t i = start; i < start + shape.plane; ++i) body(i, c);
    }
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
