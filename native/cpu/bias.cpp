#include "require/bias.h"

#include "channels.h"
#include "cpu_kernels.h"

namespace retort {
namespace RETORT_ISA {

void CpuKernels::bias_forward(const TensorView& x, const TensorView& bias, TensorView& y) {
  const Channels shape = require_bias_forward(x, bias, y);
  const float *from = floats(x), *add = floats(bias);
  float* to = floats(y);
  // Rows of one bias vector, or planes of one bias value.
  const int64_t row = shape.plane == 1 ? shape.channels : shape.plane;
  const int64_t rows = x.size() / row;
  split(threads_, rows, ceil_div(chunk_elements, row), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const int64_t start = r * row;
      if (shape.plane == 1) {
#pragma omp simd
        for (int64_t j = 0; j < row; ++j) to[start + j] = from[start + j] + add[j];
      } else {
        const float value = add[r % shape.channels];
#pragma omp simd
        for (int64_t j = 0; j < row; ++j) to[start + j] = from[start + j] + value;
      }
    }
  });
}

void CpuKernels::bias_backward(const TensorView& dy, TensorView& dbias) {
  const Channels shape = require_bias_backward(dy, dbias);
  const float* from = floats(dy);
  float* to = floats(dbias);
  split_channels(threads_, shape, [&](int64_t begin, int64_t end) {
    double totals[column_block];
    sum_channels(
        shape, begin, end, [&](int64_t i, int64_t) { return from[i]; }, totals);
    for (int64_t c = begin; c < end; ++c) to[c] = static_cast<float>(totals[c - begin]);
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
