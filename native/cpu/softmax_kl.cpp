#include "cpu_kernels.h"
#include "require/logits.h"
#include "rows.h"
#include "temperature.h"
#include "vector_math.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t power_slot = 7;

}  // namespace

void CpuKernels::softmax_kl(const TensorView& student, const TensorView& teacher, const TensorView& temperature,
                            TensorView& loss, TensorView& dz) {
  const char* op = "softmax_kl";
  require_softmax_kl(op, student, teacher, temperature, loss, dz);
  const float t = require_temperature(op, temperature);
  const int64_t rows = student.dims[0], columns = student.dims[1];
  const float gradient_scale = t / static_cast<float>(rows);
  const double total = for_rows(
      threads_, rows, columns, floats(student), floats(teacher), floats(dz),
      [&](auto lanes, const float* learner, const float* tutor, float* to, int64_t, int64_t count) {
        // The tutor's powers: the turned rows fit the stack, a wide row has no bound.
        float turned[lanes.count == 1 ? 1 : narrow_lanes * narrow_columns];
        float* power = lanes.count == 1 ? scratch(power_slot, columns) : turned;
        float most[lanes.count], share[lanes.count], tutor_most[lanes.count], tutor_share[lanes.count];
        float gap[lanes.count], divergence[lanes.count];
        max_each(
            lanes, columns, [&](int64_t i, int64_t) { return learner[i]; }, most);
        max_each(
            lanes, columns, [&](int64_t i, int64_t) { return tutor[i]; }, tutor_most);
        each(lanes, columns, [&](int64_t i, int64_t l) { to[i] = exp((learner[i] - most[l]) / t); });
        each(lanes, columns, [&](int64_t i, int64_t l) { power[i] = exp((tutor[i] - tutor_most[l]) / t); });
        sum_each(
            lanes, columns, [&](int64_t i, int64_t) { return to[i]; }, share);
        sum_each(
            lanes, columns, [&](int64_t i, int64_t) { return power[i]; }, tutor_share);
        for (int64_t l = 0; l < lanes.count; ++l) {
          // Of the quotient: two logarithms would each lose what their whole part takes.
          gap[l] = log(share[l] / tutor_share[l]);
          share[l] = gradient_scale / share[l];
          tutor_share[l] = 1.0f / tutor_share[l];
        }
        // p·log(p/q), which is 0 where p is 0, even where both logits are -infinity.
        auto term = [&](int64_t i, int64_t l) {
          const float ratio = ((tutor[i] - tutor_most[l]) - (learner[i] - most[l])) / t + gap[l];
          return select(power[i] == 0.0f, 0.0f, power[i] * tutor_share[l] * ratio);
        };
        sum_each(lanes, columns, term, divergence);
        for (int64_t l = 0; l < lanes.count; ++l) tutor_share[l] *= gradient_scale;
        each(lanes, columns, [&](int64_t i, int64_t l) { to[i] = to[i] * share[l] - power[i] * tutor_share[l]; });
        double sum = 0;
        for (int64_t l = 0; l < count; ++l) sum += divergence[l];
        return sum;
      });
  *floats(loss) = static_cast<float>(static_cast<double>(t) * t * total / static_cast<double>(rows));
}

}  // namespace RETORT_ISA
}  // namespace retort
