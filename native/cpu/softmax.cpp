#include "cpu_kernels.h"
#include "require/logits.h"
#include "rows.h"
#include "temperature.h"
#include "vector_math.h"

namespace retort {
namespace RETORT_ISA {

void CpuKernels::softmax_forward(const TensorView& z, const TensorView& temperature, TensorView& p) {
  const char* op = "softmax_forward";
  require_softmax_forward(op, z, temperature, "p", p);
  const float t = require_temperature(op, temperature);
  const int64_t columns = z.dims[1];
  for_rows(threads_, z.dims[0], columns, floats(z), nullptr, floats(p),
           [&](auto lanes, const float* from, const float*, float* to, int64_t, int64_t) {
             float most[lanes.count], share[lanes.count];
             max_each(
                 lanes, columns, [&](int64_t i, int64_t) { return from[i]; }, most);
             each(lanes, columns, [&](int64_t i, int64_t l) { to[i] = exp((from[i] - most[l]) / t); });
             sum_each(
                 lanes, columns, [&](int64_t i, int64_t) { return to[i]; }, share);
             for (int64_t l = 0; l < lanes.count; ++l) share[l] = 1.0f / share[l];
             each(lanes, columns, [&](int64_t i, int64_t l) { to[i] *= share[l]; });
             return 0.0;
           });
}

void CpuKernels::softmax_backward(const TensorView& p, const TensorView& dp, const TensorView& temperature,
                                  TensorView& dz) {
  const char* op = "softmax_backward";
  require_softmax_backward(op, "p", p, "dp", dp, temperature, dz);
  const float t = require_temperature(op, temperature);
  const int64_t columns = p.dims[1];
  for_rows(threads_, p.dims[0], columns, floats(p), floats(dp), floats(dz),
           [&](auto lanes, const float* weight, const float* from, float* to, int64_t, int64_t) {
             float mean[lanes.count];
             sum_each(
                 lanes, columns, [&](int64_t i, int64_t) { return weight[i] * from[i]; }, mean);
             each(lanes, columns, [&](int64_t i, int64_t l) { to[i] = weight[i] * (from[i] - mean[l]) / t; });
             return 0.0;
           });
}

void CpuKernels::log_softmax_forward(const TensorView& z, const TensorView& temperature, TensorView& y) {
  const char* op = "log_softmax_forward";
  require_softmax_forward(op, z, temperature, "y", y);
  const float t = require_temperature(op, temperature);
  const int64_t columns = z.dims[1];
  for_rows(threads_, z.dims[0], columns, floats(z), nullptr, floats(y),
           [&](auto lanes, const float* from, const float*, float* to, int64_t, int64_t) {
             float most[lanes.count], level[lanes.count];
             max_each(
                 lanes, columns, [&](int64_t i, int64_t) { return from[i]; }, most);
             auto power = [&](int64_t i, int64_t l) { return exp((from[i] - most[l]) / t); };
             sum_each(lanes, columns, power, level);
             for (int64_t l = 0; l < lanes.count; ++l) level[l] = log(level[l]);
             each(lanes, columns, [&](int64_t i, int64_t l) { to[i] = (from[i] - most[l]) / t - level[l]; });
             return 0.0;
           });
}

void CpuKernels::log_softmax_backward(const TensorView& y, const TensorView& dy, const TensorView& temperature,
                                      TensorView& dz) {
  const char* op = "log_softmax_backward";
  require_softmax_backward(op, "y", y, "dy", dy, temperature, dz);
  const float t = require_temperature(op, temperature);
  const int64_t columns = y.dims[1];
  for_rows(threads_, y.dims[0], columns, floats(y), floats(dy), floats(dz),
           [&](auto lanes, const float* at, const float* from, float* to, int64_t, int64_t) {
             float total[lanes.count];
             sum_each(
                 lanes, columns, [&](int64_t i, int64_t) { return from[i]; }, total);
             each(lanes, columns, [&](int64_t i, int64_t l) { to[i] = (from[i] - exp(at[i]) * total[l]) / t; });
             return 0.0;
           });
}

}  // namespace RETORT_ISA
}  // namespace retort
