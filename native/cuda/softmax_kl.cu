// The fused distillation loss: its two softmaxes, the divergence and the gradient in one pass over the rows, shared out
// as device/rows.cuh says; a second launch adds the rows' losses up in a fixed order. Bound by memory: 12 bytes a logit
// (two reads and a write) for about 24 operations and 4 powers.
#include "cuda_kernels.h"
#include "require/logits.h"
#include "rows.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr double log_of_2 = 0.69314718055994531;

// a is the student, b the teacher. The loss is in units of T²·log 2.
struct SoftmaxKl {
  static constexpr int32_t inputs = 2, sums = 3;
  static constexpr bool centred = true, has_loss = true;
  static constexpr float absent = -INFINITY;
  Temperature temperature;
  float rows;
  // Of the call: from logits to powers of 2; of the gradient. Of a row: what each matrix's powers are multiplied by.
  float rate, gradient_scale, share, tutor_share;

  __device__ void begin() {
    const float t = temperature.read();
    rate = log2_of_e / t;
    gradient_scale = t / rows;
  }
  __device__ void open(int64_t, bool) {}
  __device__ bool far_above(float value, float centre) const { return (value - centre) * rate > centre_slack; }

  __device__ void add(float a, float b, const float (&centre)[2], float (&sum)[sums]) const {
    const float power = (a - centre[0]) * rate, tutor_power = (b - centre[1]) * rate;
    const float weight = power_of_two(tutor_power);
    sum[0] += power_of_two(power);
    sum[1] += weight;
    // p·log(p/q) is 0 where p is 0, even where both logits are -infinity.
    if (weight > 0.0f) sum[2] += weight * (tutor_power - power);
  }

  __device__ void move(const float (&from)[2], const float (&to)[2], float (&sum)[sums]) const {
    const float by = (from[0] - to[0]) * rate, tutor_by = (from[1] - to[1]) * rate;
    const float factor = power_of_two(tutor_by);
    // Before the first weight the centre may be far below, and by a product of 0 and infinity.
    sum[2] = sum[1] == 0.0f ? 0.0f : factor * (sum[2] + (tutor_by - by) * sum[1]);
    sum[0] *= power_of_two(by);
    sum[1] *= factor;
  }

  __device__ float conclude(const float (&)[2], const float (&sum)[sums]) {
    share = gradient_scale / sum[0];
    tutor_share = gradient_scale / sum[1];
    // Of the quotient: two logarithms would each lose what their whole part takes.
    return sum[2] / sum[1] + log2f(sum[0] / sum[1]);
  }

  __device__ float value(float a, float b, const float (&centre)[2], int64_t) const {
    return power_of_two((a - centre[0]) * rate) * share - power_of_two((b - centre[1]) * rate) * tutor_share;
  }
};

}  // namespace

void CudaKernels::softmax_kl(const TensorView& student, const TensorView& teacher, const TensorView& temperature,
                             TensorView& loss, TensorView& dz) {
  const char* op = "softmax_kl";
  Operands operands(op);
  operands.in("student", student).in("teacher", teacher).in("temperature", temperature).out("loss", loss);
  operands.out("dz", dz).scratch(scratch_, scratch_bytes_).fault(fault_);
  require_softmax_kl(op, student, teacher, temperature, loss, dz);
  const int64_t rows = student.dims[0], columns = student.dims[1];
  double* const partial = scratch<double>(op, most_row_blocks * processors_);
  const Matrices m = matrices_of(floats(student), floats(teacher), floats(dz), rows, columns);
  SoftmaxKl body{};
  body.temperature = {floats(temperature), fault_, op};
  body.rows = static_cast<float>(rows);
  const int32_t blocks = RowLaunch(m, architecture_, processors_, partial, stream_).of(body);
  launch(row_losses_kernel<loss_threads>, 1, loss_threads, 0, stream_, partial, blocks, floats(temperature),
         log_of_2 / static_cast<double>(rows), floats(loss));
}

}  // namespace RETORT_ISA
}  // namespace retort
