#include "require/optimizer.h"

#include <cmath>

#include "cpu_kernels.h"
#include "split.h"

namespace retort {
namespace RETORT_ISA {
namespace {

float scale_of(const TensorView* gradient_scale) { return gradient_scale == nullptr ? 1.0f : *floats(*gradient_scale); }

}  // namespace

void CpuKernels::sgd_step(const TensorView& dw, const TensorView& learning_rate, const TensorView* gradient_scale,
                          TensorView& w, TensorView* velocity, float momentum, float weight_decay, bool nesterov) {
  require_sgd_step(dw, learning_rate, gradient_scale, w, velocity, momentum);
  const float rate = *floats(learning_rate), scale = scale_of(gradient_scale);
  const float* gradient = floats(dw);
  float* weight = floats(w);
  if (velocity == nullptr) {
    return split(threads_, w.size(), chunk_elements, [&](int64_t begin, int64_t end) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) weight[i] -= rate * (scale * gradient[i] + weight_decay * weight[i]);
    });
  }
  // step = ahead·g + behind·velocity, the velocity being the new one.
  const float ahead = nesterov ? 1.0f : 0.0f;
  const float behind = nesterov ? momentum : 1.0f;
  float* speed = floats(*velocity);
  split(threads_, w.size(), chunk_elements, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      const float g = scale * gradient[i] + weight_decay * weight[i];
      const float v = momentum * speed[i] + g;
      speed[i] = v;
      weight[i] -= rate * (ahead * g + behind * v);
    }
  });
}

void CpuKernels::adam_step(const TensorView& dw, const TensorView& learning_rate, const TensorView& step,
                           const TensorView* gradient_scale, TensorView& w, TensorView& m, TensorView& v, float beta1,
                           float beta2, float epsilon, float weight_decay, bool decoupled) {
  require_adam_step(dw, learning_rate, step, gradient_scale, w, m, v, beta1, beta2);
  const float rate = *floats(learning_rate), t = *floats(step), scale = scale_of(gradient_scale);
  if (!(t >= 1.0f)) refuse("adam_step", "step must be 1 or more", t);
  const float size = static_cast<float>(rate / (1.0 - std::pow(static_cast<double>(beta1), static_cast<double>(t))));
  const float root =
      static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(static_cast<double>(beta2), static_cast<double>(t))));
  const float inside = decoupled ? 0.0f : weight_decay;
  const float keep = decoupled ? static_cast<float>(1.0 - static_cast<double>(rate) * weight_decay) : 1.0f;
  const float rest1 = 1.0f - beta1, rest2 = 1.0f - beta2;
  const float* gradient = floats(dw);
  float *weight = floats(w), *first = floats(m), *second = floats(v);
  split(threads_, w.size(), chunk_elements, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      const float g = scale * gradient[i] + inside * weight[i];
      const float mean = beta1 * first[i] + rest1 * g;
      const float square = beta2 * second[i] + rest2 * (g * g);
      first[i] = mean;
      second[i] = square;
      weight[i] = keep * weight[i] - size * mean / (__builtin_sqrtf(square) * root + epsilon);
    }
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
