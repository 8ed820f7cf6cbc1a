// One pass over the weights and what is kept for each, four at a time. Bound by memory: 12 bytes a weight without a
// velocity, 20 with one, 28 for Adam.
#include "require/optimizer.h"

#include <cmath>

#include "cuda_kernels.h"
#include "device/elements.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

template <bool with_velocity>
struct Sgd {
  const float *dw, *learning_rate, *gradient_scale;
  float *w, *velocity;
  float momentum, weight_decay;
  bool nesterov;

  template <int32_t width>
  struct Inputs {
    Pack<float, width> gradient, weight, speed;
  };
  template <int32_t width>
  __device__ __forceinline__ Inputs<width> load(int64_t i) const {
    Inputs<width> in;
    in.gradient = load_pack<width>(dw + i);
    in.weight = load_pack<width>(w + i);
    if (with_velocity) in.speed = load_pack<width>(velocity + i);
    return in;
  }
  template <int32_t width>
  __device__ __forceinline__ void store(int64_t i, Inputs<width> in) const {
    const float rate = *learning_rate, scale = gradient_scale ? *gradient_scale : 1.0f;
#pragma unroll
    for (int32_t j = 0; j < width; ++j) {
      const float g = scale * in.gradient.at[j] + weight_decay * in.weight.at[j];
      float step = g;
      if (with_velocity) {
        const float v = momentum * in.speed.at[j] + g;
        in.speed.at[j] = v;
        step = nesterov ? g + momentum * v : v;
      }
      in.weight.at[j] -= rate * step;
    }
    store_pack(w + i, in.weight);
    if (with_velocity) store_pack(velocity + i, in.speed);
  }
};

struct Adam {
  const float *dw, *learning_rate, *step, *gradient_scale;
  float *w, *m, *v;
  float beta1, beta2, epsilon, weight_decay;
  bool decoupled;
  // Of beta1 and beta2.
  double log1, log2;
  ValueFault* fault;
  const char* op;

  template <int32_t width>
  struct Inputs {
    Pack<float, width> gradient, weight, mean, square;
  };
  template <int32_t width>
  __device__ __forceinline__ Inputs<width> load(int64_t i) const {
    return {load_pack<width>(dw + i), load_pack<width>(w + i), load_pack<width>(m + i), load_pack<width>(v + i)};
  }
  // 1 − beta^t to float's last place, from the logarithm: beta^t alone would lose it to the subtraction.
  static __device__ __forceinline__ float correction(double log_beta, float t) {
    return -expm1f(static_cast<float>(log_beta * static_cast<double>(t)));
  }
  template <int32_t width>
  __device__ __forceinline__ void store(int64_t i, Inputs<width> in) const {
    const float rate = *learning_rate, t = *step, scale = gradient_scale ? *gradient_scale : 1.0f;
    const bool counted = t >= 1.0f;
    if (!counted && i == 0) note_fault(fault, op, Refused::step, t, 0, 0);
    const float size = counted ? rate / correction(log1, t) : NAN;
    const float root = rsqrtf(correction(log2, t));
    const float inside = decoupled ? 0.0f : weight_decay, keep = decoupled ? 1.0f - rate * weight_decay : 1.0f;
    const float rest1 = 1.0f - beta1, rest2 = 1.0f - beta2;
#pragma unroll
    for (int32_t j = 0; j < width; ++j) {
      const float g = scale * in.gradient.at[j] + inside * in.weight.at[j];
      const float mean = beta1 * in.mean.at[j] + rest1 * g;
      const float square = beta2 * in.square.at[j] + rest2 * (g * g);
      in.mean.at[j] = mean;
      in.square.at[j] = square;
      in.weight.at[j] = keep * in.weight.at[j] - size * mean / (sqrtf(square) * root + epsilon);
    }
    store_pack(w + i, in.weight);
    store_pack(m + i, in.mean);
    store_pack(v + i, in.square);
  }
};

const float* floats_or_null(const TensorView* tensor) { return tensor ? floats(*tensor) : nullptr; }

}  // namespace

void CudaKernels::sgd_step(const TensorView& dw, const TensorView& learning_rate, const TensorView* gradient_scale,
                           TensorView& w, TensorView* velocity, float momentum, float weight_decay, bool nesterov) {
  Operands operands("sgd_step");
  operands.in("dw", dw).in("learning_rate", learning_rate).in("gradient_scale", gradient_scale);
  operands.in_out("w", w).in_out("velocity", velocity);
  require_sgd_step(dw, learning_rate, gradient_scale, w, velocity, momentum);
  const float *gradient = floats(dw), *rate = floats(learning_rate), *scale = floats_or_null(gradient_scale);
  float *const weight = floats(w), *const speed = velocity ? floats(*velocity) : nullptr;
  // Null is aligned.
  const bool aligned = aligned_to(16, gradient, weight, speed);
  if (speed) {
    const Sgd<true> body{gradient, rate, scale, weight, speed, momentum, weight_decay, nesterov};
    return launch_elements<4>(body, w.size(), aligned, stream_);
  }
  const Sgd<false> body{gradient, rate, scale, weight, speed, momentum, weight_decay, nesterov};
  launch_elements<4>(body, w.size(), aligned, stream_);
}

void CudaKernels::adam_step(const TensorView& dw, const TensorView& learning_rate, const TensorView& step,
                            const TensorView* gradient_scale, TensorView& w, TensorView& m, TensorView& v, float beta1,
                            float beta2, float epsilon, float weight_decay, bool decoupled) {
  const char* op = "adam_step";
  Operands operands(op);
  operands.in("dw", dw).in("learning_rate", learning_rate).in("step", step).in("gradient_scale", gradient_scale);
  operands.in_out("w", w).in_out("m", m).in_out("v", v).fault(fault_);
  require_adam_step(dw, learning_rate, step, gradient_scale, w, m, v, beta1, beta2);
  const Adam body{floats(dw),
                  floats(learning_rate),
                  floats(step),
                  floats_or_null(gradient_scale),
                  floats(w),
                  floats(m),
                  floats(v),
                  beta1,
                  beta2,
                  epsilon,
                  weight_decay,
                  decoupled,
                  std::log(static_cast<double>(beta1)),
                  std::log(static_cast<double>(beta2)),
                  fault_,
                  op};
  launch_elements<4>(body, w.size(), aligned_to(16, dw.data, w.data, m.data, v.data), stream_);
}

}  // namespace RETORT_ISA
}  // namespace retort
