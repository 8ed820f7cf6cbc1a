#include "cpu_kernels.h"
#include "require/logits.h"
#include "rows.h"
#include "vector_math.h"

namespace retort {
namespace RETORT_ISA {

void CpuKernels::cross_entropy(const TensorView& z, const TensorView& labels, TensorView& loss, TensorView& dz) {
  const char* op = "cross_entropy";
  require_cross_entropy(op, z, labels, loss, dz);
  const int64_t rows = z.dims[0], columns = z.dims[1];
  const int32_t* label = static_cast<const int32_t*>(labels.data);
  for (int64_t r = 0; r < rows; ++r) {
    if (label[r] < 0 || label[r] >= columns) {
      refuse(op, "labels must be in [0, " + std::to_string(columns) + ")", label[r], " in row ", r);
    }
  }
  const float share = 1.0f / static_cast<float>(rows);
  const double total =
      for_rows(threads_, rows, columns, floats(z), nullptr, floats(dz),
               [&](auto lanes, const float* from, const float*, float* to, int64_t first, int64_t count) {
                 float most[lanes.count], power[lanes.count], scale[lanes.count];
                 max_each(
                     lanes, columns, [&](int64_t i, int64_t) { return from[i]; }, most);
                 each(lanes, columns, [&](int64_t i, int64_t l) { to[i] = exp(from[i] - most[l]); });
                 sum_each(
                     lanes, columns, [&](int64_t i, int64_t) { return to[i]; }, power);
                 for (int64_t l = 0; l < lanes.count; ++l) {
                   scale[l] = share / power[l];
                   power[l] = log(power[l]);
                 }
                 each(lanes, columns, [&](int64_t i, int64_t l) { to[i] *= scale[l]; });
                 double sum = 0;
                 for (int64_t l = 0; l < count; ++l) {
                   const int64_t i = label[first + l] * lanes.count + l;
                   sum += power[l] - (from[i] - most[l]);
                   to[i] -= share;
                 }
                 return sum;
               });
  *floats(loss) = static_cast<float>(total / static_cast<double>(rows));
}

}  // namespace RETORT_ISA
}  // namespace retort
