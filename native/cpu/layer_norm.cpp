#include "require/layer_norm.h"

#include <cmath>

#include "cpu_kernels.h"
#include "split.h"
#include "sum.h"

namespace retort {
namespace RETORT_ISA {

void CpuKernels::layer_norm_forward(const TensorView& x, const TensorView& gamma, const TensorView& beta, TensorView& y,
                                    TensorView& saved_mean, TensorView& saved_inv_std, float epsilon) {
  const char* op = "layer_norm_forward";
  require_layer_norm_forward(op, x, gamma, beta, y, saved_mean, saved_inv_std);
  const int64_t rows = x.dims[0], columns = x.dims[1];
  const double count = static_cast<double>(columns);
  const float *from = floats(x), *scale = floats(gamma), *shift = floats(beta);
  float *to = floats(y), *mean = floats(saved_mean), *inv_std = floats(saved_inv_std);
  split(threads_, rows, ceil_div(chunk_elements, columns), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float* row = from + r * columns;
      float* out = to + r * columns;
      const double exact = sum(0, columns, [&](int64_t c) { return row[c]; }) / count;
      const float middle = static_cast<float>(exact);
      // What rounding took from the mean.
      const double lost = exact - static_cast<double>(middle);
      const double about_mean = sum(0, columns, [&](int64_t c) { return (row[c] - middle) * (row[c] - middle); });
      const double variance = about_mean / count - lost * lost;
      // Rounding may take it below 0; NaN stays.
      const float factor =
          static_cast<float>(1.0 / std::sqrt((variance < 0.0 ? 0.0 : variance) + static_cast<double>(epsilon)));
      const float rest = static_cast<float>(lost);
      mean[r] = middle;
      inv_std[r] = factor;
#pragma omp simd
      for (int64_t c = 0; c < columns; ++c) out[c] = scale[c] * ((row[c] - middle - rest) * factor) + shift[c];
    }
  });
}

void CpuKernels::layer_norm_backward(const TensorView& x, const TensorView& dy, const TensorView& gamma,
                                     const TensorView& saved_mean, const TensorView& saved_inv_std, TensorView& dx,
                                     TensorView& dgamma, TensorView& dbeta) {
  const char* op = "layer_norm_backward";
  require_layer_norm_backward(op, x, dy, gamma, saved_mean, saved_inv_std, dx, dgamma, dbeta);
  const int64_t rows = x.dims[0], columns = x.dims[1];
  const double count = static_cast<double>(columns);
  const float *at = floats(x), *from = floats(dy), *scale = floats(gamma);
  const float *mean = floats(saved_mean), *inv_std = floats(saved_inv_std);
  float *to = floats(dx), *scale_gradient = floats(dgamma), *shift_gradient = floats(dbeta);
  split(threads_, rows, ceil_div(chunk_elements, columns), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float *row = at + r * columns, *slope = from + r * columns;
      float* out = to + r * columns;
      const float middle = mean[r], factor = inv_std[r];
      const float level = static_cast<float>(sum(0, columns, [&](int64_t c) { return slope[c] * scale[c]; }) / count);
      const double by_deviation =
          sum(0, columns, [&](int64_t c) { return slope[c] * scale[c] * (row[c] - middle); }) * factor / count;
      const float share = static_cast<float>(by_deviation) * factor;
#pragma omp simd
      for (int64_t c = 0; c < columns; ++c) {
        out[c] = factor * (slope[c] * scale[c] - level - (row[c] - middle) * share);
      }
    }
  });
  // A cache line of columns at least.
  const int64_t grain = ceil_div(ceil_div(chunk_elements, rows), 16) * 16;
  split(threads_, columns, grain < column_block ? grain : column_block, [&](int64_t first, int64_t last) {
    for (int64_t begin = first; begin < last; begin += column_block) {
      const int64_t width = last - begin < column_block ? last - begin : column_block;
      double scale_totals[column_block] = {}, shift_totals[column_block] = {};
      float scale_part[column_block], shift_part[column_block];
      for (int64_t run = 0; run < rows; run += sum_rows) {
        const int64_t stop = rows - run < sum_rows ? rows : run + sum_rows;
        for (int64_t c = 0; c < width; ++c) scale_part[c] = shift_part[c] = 0;
        for (int64_t r = run; r < stop; ++r) {
          const float *row = at + r * columns + begin, *slope = from + r * columns + begin;
          const float middle = mean[r], factor = inv_std[r];
#pragma omp simd
          for (int64_t c = 0; c < width; ++c) {
            scale_part[c] += slope[c] * ((row[c] - middle) * factor);
            shift_part[c] += slope[c];
          }
        }
        for (int64_t c = 0; c < width; ++c) {
          scale_totals[c] += scale_part[c];
          shift_totals[c] += shift_part[c];
        }
      }
      for (int64_t c = 0; c < width; ++c) {
        scale_gradient[begin + c] = static_cast<float>(scale_totals[c]);
        shift_gradient[begin + c] = static_cast<float>(shift_totals[c]);
      }
    }
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
