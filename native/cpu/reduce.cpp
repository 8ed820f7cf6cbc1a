#include "require/reduce.h"

#include "cpu_kernels.h"
#include "split.h"
#include "sum.h"

namespace retort {
namespace RETORT_ISA {
namespace {

// NaN wins over every number.
inline float larger(float a, float b) {
  const float number = b > a ? b : a;
  return b != b ? b : (a != a ? a : number);
}

float max_of(const float* x, int64_t n) {
  float best = -__builtin_inff();
  int32_t nan = 0;
#pragma omp simd reduction(max : best) reduction(| : nan)
  for (int64_t i = 0; i < n; ++i) {
    best = x[i] > best ? x[i] : best;
    nan |= x[i] != x[i];
  }
  return nan != 0 ? __builtin_nanf("") : best;
}

// One result out of `runs` places, each the start of n neighbours.
double reduce_rows(const float* x, const Dims& outer, int64_t n, ReduceOp op) {
  const int64_t runs = outer.places();
  double total = op == ReduceOp::max ? -__builtin_inf() : 0;
  for (int64_t r = 0; r < runs; ++r) {
    const float* at = x + outer.offset(r);
    if (op == ReduceOp::max) {
      total = larger(static_cast<float>(total), max_of(at, n));
    } else if (op == ReduceOp::sum_of_squares) {
      total += sum(0, n, [&](int64_t i) { return at[i] * at[i]; });
    } else {
      total += sum(0, n, [&](int64_t i) { return at[i]; });
    }
  }
  return total;
}

// totals[j] for n ≤ column_block neighbours, each out of the places of `outer`.
void reduce_columns(const float* x, const Dims& outer, int64_t n, ReduceOp op, double* totals) {
  const int64_t rows = outer.places();
  if (op == ReduceOp::max) {
    float best[column_block];
    for (int64_t j = 0; j < n; ++j) best[j] = -__builtin_inff();
    for (int64_t r = 0; r < rows; ++r) {
      const float* at = x + outer.offset(r);
#pragma omp simd
      for (int64_t j = 0; j < n; ++j) best[j] = larger(best[j], at[j]);
    }
    for (int64_t j = 0; j < n; ++j) totals[j] = best[j];
    return;
  }
  for (int64_t j = 0; j < n; ++j) totals[j] = 0;
  // The innermost of the outer dimensions has one stride: whole runs of rows at a time.
  const int64_t run = outer.size[0], stride = outer.stride[0];
  for (int64_t r = 0; r < rows; r += run) {
    const float* at = x + outer.offset(r);
    double part[column_block];
    if (op == ReduceOp::sum_of_squares) {
      sum_columns(
          run, stride, 0, n, [&](int64_t i, int64_t) { return at[i] * at[i]; }, part);
    } else {
      sum_columns(
          run, stride, 0, n, [&](int64_t i, int64_t) { return at[i]; }, part);
    }
    for (int64_t j = 0; j < n; ++j) totals[j] += part[j];
  }
}

}  // namespace

void CpuKernels::reduce(const TensorView& x, TensorView& y, ReduceOp op) {
  require_reduce(x, y, op);
  const Reduction shape = reduction_of(x, y);
  const Dims &kept = shape.kept, &reduced = shape.reduced;
  const double share = op == ReduceOp::mean ? 1.0 / static_cast<double>(reduced.places()) : 1.0;
  const float* from = floats(x);
  float* to = floats(y);

  if (shape.last_kept && reduced.count > 0) {
    Dims outer = kept;
    const int64_t n = outer.size[0];
    outer.size[0] = 1;
    const int64_t block = n < column_block ? n : column_block, blocks = ceil_div(n, block);
    const int64_t grain = ceil_div(chunk_elements, reduced.places() * block);
    return split(threads_, outer.places() * blocks, grain, [&](int64_t begin, int64_t end) {
      double totals[column_block];
      for (int64_t k = begin; k < end; ++k) {
        const int64_t place = k / blocks, start = k % blocks * block;
        const int64_t width = n - start < block ? n - start : block;
        reduce_columns(from + outer.offset(place) + start, reduced, width, op, totals);
        for (int64_t j = 0; j < width; ++j) to[place * n + start + j] = static_cast<float>(totals[j] * share);
      }
    });
  }
  // The neighbours are reduced (or nothing is): the innermost reduced dimension is a run of memory.
  Dims outer = reduced;
  int64_t n = 1;
  if (!shape.last_kept && reduced.count > 0) {
    n = outer.size[0];
    outer.size[0] = 1;
  }
  const int64_t results = kept.places();
  if (results == 1 && outer.places() == 1 && op != ReduceOp::max) {
    *to = static_cast<float>(share * split_sum(threads_, n, chunk_elements, [&](int64_t begin, int64_t end) {
                               return reduce_rows(from + begin, outer, end - begin, op);
                             }));
    return;
  }
  split(threads_, results, ceil_div(chunk_elements, n * outer.places()), [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      to[k] = static_cast<float>(share * reduce_rows(from + kept.offset(k), outer, n, op));
    }
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
