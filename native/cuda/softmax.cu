// Softmax and its logarithm, there and back, rows shared out as device/rows.cuh says. Bound by memory: 8 bytes a value
// forward, 12 backward.
#include "cuda_kernels.h"
#include "require/logits.h"
#include "rows.h"

namespace retort {
namespace RETORT_ISA {
namespace {

// Sums of powers of a, relative to the row's maximum.
struct Powers {
  static constexpr int32_t inputs = 1, sums = 1;
  static constexpr bool centred = true, has_loss = false;
  static constexpr float absent = -INFINITY;
  Temperature temperature;
  // From logits to powers of 2.
  float rate;

  __device__ void begin() { rate = log2_of_e / temperature.read(); }
  __device__ void open(int64_t, bool) {}
  __device__ bool far_above(float value, float centre) const { return (value - centre) * rate > centre_slack; }
  __device__ void add(float a, float, const float (&centre)[2], float (&sum)[sums]) const {
    sum[0] += power_of_two((a - centre[0]) * rate);
  }
  __device__ void move(const float (&from)[2], const float (&to)[2], float (&sum)[sums]) const {
    sum[0] *= power_of_two((from[0] - to[0]) * rate);
  }
};

struct Softmax : Powers {
  float share;

  __device__ float conclude(const float (&)[2], const float (&sum)[sums]) {
    share = 1.0f / sum[0];
    return 0.0f;
  }
  __device__ float value(float a, float, const float (&centre)[2], int64_t) const {
    return power_of_two((a - centre[0]) * rate) * share;
  }
};

struct LogSoftmax : Powers {
  float slope, level;

  __device__ void begin() {
    const float t = temperature.read();
    slope = 1.0f / t;
    rate = log2_of_e / t;
  }
  __device__ float conclude(const float (&)[2], const float (&sum)[sums]) {
    level = logf(sum[0]);
    return 0.0f;
  }
  __device__ float value(float a, float, const float (&centre)[2], int64_t) const {
    return (a - centre[0]) * slope - level;
  }
};

struct Backward {
  static constexpr int32_t inputs = 2, sums = 1;
  static constexpr bool centred = false, has_loss = false;
  static constexpr float absent = 0.0f;
  Temperature temperature;
  float slope, total;

  __device__ void begin() { slope = 1.0f / temperature.read(); }
  __device__ void open(int64_t, bool) {}
  __device__ float conclude(const float (&)[2], const float (&sum)[sums]) {
    total = sum[0];
    return 0.0f;
  }
};

// a is p, b is dp.
struct SoftmaxBackward : Backward {
  __device__ void add(float a, float b, const float (&)[2], float (&sum)[sums]) const { sum[0] += a * b; }
  __device__ float value(float a, float b, const float (&)[2], int64_t) const { return a * (b - total) * slope; }
};

// a is y, b is dy.
struct LogSoftmaxBackward : Backward {
  __device__ void add(float, float b, const float (&)[2], float (&sum)[sums]) const { sum[0] += b; }
  __device__ float value(float a, float b, const float (&)[2], int64_t) const {
    return (b - power_of_two(a * log2_of_e) * total) * slope;
  }
};

template <typename Body>
Body body_of(const char* op, const TensorView& temperature, ValueFault* fault) {
  Body body{};
  body.temperature = {floats(temperature), fault, op};
  return body;
}

}  // namespace

void CudaKernels::softmax_forward(const TensorView& z, const TensorView& temperature, TensorView& p) {
  const char* op = "softmax_forward";
  Operands operands(op);
  operands.in("z", z).in("temperature", temperature).out("p", p).fault(fault_);
  require_softmax_forward(op, z, temperature, "p", p);
  const Matrices m = matrices_of(floats(z), nullptr, floats(p), z.dims[0], z.dims[1]);
  RowLaunch(m, architecture_, processors_, nullptr, stream_).of(body_of<Softmax>(op, temperature, fault_));
}

void CudaKernels::softmax_backward(const TensorView& p, const TensorView& dp, const TensorView& temperature,
                                   TensorView& dz) {
  const char* op = "softmax_backward";
  Operands operands(op);
  operands.in("p", p).in("dp", dp).in("temperature", temperature).out("dz", dz).fault(fault_);
  require_softmax_backward(op, "p", p, "dp", dp, temperature, dz);
  const Matrices m = matrices_of(floats(p), floats(dp), floats(dz), p.dims[0], p.dims[1]);
  RowLaunch(m, architecture_, processors_, nullptr, stream_).of(body_of<SoftmaxBackward>(op, temperature, fault_));
}

void CudaKernels::log_softmax_forward(const TensorView& z, const TensorView& temperature, TensorView& y) {
  const char* op = "log_softmax_forward";
  Operands operands(op);
  operands.in("z", z).in("temperature", temperature).out("y", y).fault(fault_);
  require_softmax_forward(op, z, temperature, "y", y);
  const Matrices m = matrices_of(floats(z), nullptr, floats(y), z.dims[0], z.dims[1]);
  RowLaunch(m, architecture_, processors_, nullptr, stream_).of(body_of<LogSoftmax>(op, temperature, fault_));
}

void CudaKernels::log_softmax_backward(const TensorView& y, const TensorView& dy, const TensorView& temperature,
                                       TensorView& dz) {
  const char* op = "log_softmax_backward";
  Operands operands(op);
  operands.in("y", y).in("dy", dy).in("temperature", temperature).out("dz", dz).fault(fault_);
  require_softmax_backward(op, "y", y, "dy", dy, temperature, dz);
  const Matrices m = matrices_of(floats(y), floats(dy), floats(dz), y.dims[0], y.dims[1]);
  RowLaunch(m, architecture_, processors_, nullptr, stream_).of(body_of<LogSoftmaxBackward>(op, temperature, fault_));
}

}  // namespace RETORT_ISA
}  // namespace retort
