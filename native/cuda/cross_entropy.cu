// Cross entropy with its gradient, rows shared out as device/rows.cuh says; a second launch adds the rows' losses up in
// a fixed order. Bound by memory: 8 bytes a logit.
#include "cuda_kernels.h"
#include "require/logits.h"
#include "rows.h"

namespace retort {
namespace RETORT_ISA {
namespace {

struct CrossEntropy {
  static constexpr int32_t inputs = 1, sums = 1;
  static constexpr bool centred = true, has_loss = true;
  static constexpr float absent = -INFINITY;
  const float* z;
  const int32_t* labels;
  int64_t rows, columns;
  ValueFault* fault;
  const char* op;
  // Of the call: a row's share of the gradient. Of a row: its label, the logit there, what powers are multiplied by.
  float part;
  int64_t label;
  float picked, scale;

  __device__ void begin() { part = 1.0f / static_cast<float>(rows); }

  __device__ void open(int64_t row, bool leader) {
    label = labels[row];
    const bool good = label >= 0 && label < columns;
    // NaN reaches the loss and, by the scale, the row's gradient.
    picked = good ? z[row * columns + label] : NAN;
    if (!good && leader) note_fault(fault, op, Refused::label, static_cast<double>(label), row, columns);
  }

  __device__ bool far_above(float value, float centre) const { return (value - centre) * log2_of_e > centre_slack; }
  __device__ void add(float a, float, const float (&centre)[2], float (&sum)[sums]) const {
    sum[0] += power_of_two((a - centre[0]) * log2_of_e);
  }
  __device__ void move(const float (&from)[2], const float (&to)[2], float (&sum)[sums]) const {
    sum[0] *= power_of_two((from[0] - to[0]) * log2_of_e);
  }
  __device__ float conclude(const float (&centre)[2], const float (&sum)[sums]) {
    scale = label >= 0 && label < columns ? part / sum[0] : NAN;
    return logf(sum[0]) - (picked - centre[0]);
  }
  __device__ float value(float a, float, const float (&centre)[2], int64_t place) const {
    const float p = power_of_two((a - centre[0]) * log2_of_e) * scale;
    return place == label ? p - part : p;
  }
};

}  // namespace

void CudaKernels::cross_entropy(const TensorView& z, const TensorView& labels, TensorView& loss, TensorView& dz) {
  const char* op = "cross_entropy";
  Operands operands(op);
  operands.in("z", z).in("labels", labels).out("loss", loss).out("dz", dz).scratch(scratch_, scratch_bytes_);
  operands.fault(fault_);
  require_cross_entropy(op, z, labels, loss, dz);
  const int64_t rows = z.dims[0], columns = z.dims[1];
  double* const partial = scratch<double>(op, most_row_blocks * processors_);
  CrossEntropy body{};
  body.z = floats(z);
  body.labels = static_cast<const int32_t*>(labels.data);
  body.rows = rows;
  body.columns = columns;
  body.fault = fault_;
  body.op = op;
  const Matrices m = matrices_of(floats(z), nullptr, floats(dz), rows, columns);
  const int32_t blocks = RowLaunch(m, architecture_, processors_, partial, stream_).of(body);
  launch(row_losses_kernel<loss_threads>, 1, loss_threads, 0, stream_, partial, blocks, nullptr,
         1.0 / static_cast<double>(rows), floats(loss));
}

}  // namespace RETORT_ISA
}  // namespace retort
