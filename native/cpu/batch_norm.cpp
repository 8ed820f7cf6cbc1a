#include "require/batch_norm.h"

#include <cmath>

#include "channels.h"
#include "cpu_kernels.h"

namespace retort {
namespace RETORT_ISA {

void CpuKernels::batch_norm_forward(const TensorView& x, const TensorView& gamma, const TensorView& beta,
                                    TensorView& running_mean, TensorView& running_variance, TensorView& y,
                                    TensorView& saved_mean, TensorView& saved_inv_std, float momentum, float epsilon) {
  const char* op = "batch_norm_forward";
  const Channels shape =
      require_batch_norm_forward(op, x, gamma, beta, running_mean, running_variance, y, saved_mean, saved_inv_std);
  const double count = static_cast<double>(shape.values());
  const float *from = floats(x), *scale = floats(gamma), *shift = floats(beta);
  float *to = floats(y), *mean = floats(saved_mean), *inv_std = floats(saved_inv_std);
  float *mean_kept = floats(running_mean), *variance_kept = floats(running_variance);
  split_channels(threads_, shape, [&](int64_t begin, int64_t end) {
    double totals[column_block];
    // What rounding took from the mean, and the shift that gives it back.
    double lost[column_block];
    float factor[column_block], offset[column_block];
    sum_channels(
        shape, begin, end, [&](int64_t i, int64_t) { return from[i]; }, totals);
    for (int64_t c = begin; c < end; ++c) {
      mean[c] = static_cast<float>(totals[c - begin] / count);
      lost[c - begin] = totals[c - begin] / count - static_cast<double>(mean[c]);
      mean_kept[c] = (1.0f - momentum) * mean_kept[c] + momentum * mean[c];
    }
    auto squares = [&](int64_t i, int64_t c) { return (from[i] - mean[c]) * (from[i] - mean[c]); };
    sum_channels(shape, begin, end, squares, totals);
    for (int64_t c = begin; c < end; ++c) {
      const double about_mean = totals[c - begin] - count * lost[c - begin] * lost[c - begin];
      // Rounding may take it below 0; NaN stays.
      const double squared = about_mean < 0.0 ? 0.0 : about_mean;
      inv_std[c] = static_cast<float>(1.0 / std::sqrt(squared / count + static_cast<double>(epsilon)));
      variance_kept[c] = (1.0f - momentum) * variance_kept[c] + momentum * static_cast<float>(squared / (count - 1.0));
      factor[c - begin] = scale[c] * inv_std[c];
      offset[c - begin] = shift[c] - static_cast<float>(lost[c - begin]) * factor[c - begin];
    }
    for_channels(shape, begin, end,
                 [&](int64_t i, int64_t c) { to[i] = (from[i] - mean[c]) * factor[c - begin] + offset[c - begin]; });
  });
}

void CpuKernels::batch_norm_inference(const TensorView& x, const TensorView& gamma, const TensorView& beta,
                                      const TensorView& running_mean, const TensorView& running_variance, TensorView& y,
                                      float epsilon) {
  const char* op = "batch_norm_inference";
  const Channels shape = require_batch_norm_inference(op, x, gamma, beta, running_mean, running_variance, y);
  const float *from = floats(x), *scale = floats(gamma), *shift = floats(beta);
  const float *mean = floats(running_mean), *variance = floats(running_variance);
  float* to = floats(y);
  split_channels(threads_, shape, [&](int64_t begin, int64_t end) {
    float factor[column_block];
    for (int64_t c = begin; c < end; ++c) factor[c - begin] = scale[c] / __builtin_sqrtf(variance[c] + epsilon);
    for_channels(shape, begin, end,
                 [&](int64_t i, int64_t c) { to[i] = (from[i] - mean[c]) * factor[c - begin] + shift[c]; });
  });
}

void CpuKernels::batch_norm_backward(const TensorView& x, const TensorView& dy, const TensorView& gamma,
                                     const TensorView& saved_mean, const TensorView& saved_inv_std, TensorView& dx,
                                     TensorView& dgamma, TensorView& dbeta) {
  const char* op = "batch_norm_backward";
  const Channels shape = require_batch_norm_backward(op, x, dy, gamma, saved_mean, saved_inv_std, dx, dgamma, dbeta);
  const double count = static_cast<double>(shape.values());
  const float *at = floats(x), *from = floats(dy), *scale = floats(gamma);
  const float *mean = floats(saved_mean), *inv_std = floats(saved_inv_std);
  float *to = floats(dx), *scale_gradient = floats(dgamma), *shift_gradient = floats(dbeta);
  split_channels(threads_, shape, [&](int64_t begin, int64_t end) {
    double totals[column_block];
    // dx = factor·(dy − level − (x − mean)·slope).
    float level[column_block], slope[column_block];
    sum_channels(
        shape, begin, end, [&](int64_t i, int64_t) { return from[i]; }, totals);
    for (int64_t c = begin; c < end; ++c) {
      shift_gradient[c] = static_cast<float>(totals[c - begin]);
      level[c - begin] = static_cast<float>(totals[c - begin] / count);
    }
    sum_channels(
        shape, begin, end, [&](int64_t i, int64_t c) { return from[i] * (at[i] - mean[c]); }, totals);
    for (int64_t c = begin; c < end; ++c) {
      const double by_deviation = totals[c - begin] * static_cast<double>(inv_std[c]);
      scale_gradient[c] = static_cast<float>(by_deviation);
      slope[c - begin] = static_cast<float>(by_deviation * static_cast<double>(inv_std[c]) / count);
    }
    for_channels(shape, begin, end, [&](int64_t i, int64_t c) {
      to[i] = scale[c] * inv_std[c] * (from[i] - level[c - begin] - (at[i] - mean[c]) * slope[c - begin]);
    });
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
