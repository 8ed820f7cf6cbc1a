#pragma once

#include "require.h"

namespace retort {
namespace RETORT_ISA {

inline void require_state(const char* op, const char* name, const char* both, const TensorView& w,
                          const TensorView& state) {
  require_dtype(op, name, state);
  require_one_shape(op, both, w, state);
}

inline void require_rates(const char* op, const TensorView& learning_rate, const TensorView* gradient_scale) {
  require_vector(op, "learning_rate", learning_rate, 1);
  if (gradient_scale != nullptr) require_vector(op, "gradient_scale", *gradient_scale, 1);
}

inline void require_sgd_step(const TensorView& dw, const TensorView& learning_rate, const TensorView* gradient_scale,
                             const TensorView& w, const TensorView* velocity, float momentum) {
  const char* op = "sgd_step";
  require_dtype(op, "w", w);
  require_state(op, "dw", "w and dw", w, dw);
  if (velocity != nullptr) require_state(op, "velocity", "w and velocity", w, *velocity);
  if (velocity == nullptr && momentum != 0.0f) refuse(op, "momentum must be 0 without a velocity", momentum);
  require_rates(op, learning_rate, gradient_scale);
}

inline void require_adam_step(const TensorView& dw, const TensorView& learning_rate, const TensorView& step,
                              const TensorView* gradient_scale, const TensorView& w, const TensorView& m,
                              const TensorView& v, float beta1, float beta2) {
  const char* op = "adam_step";
  require_dtype(op, "w", w);
  require_state(op, "dw", "w and dw", w, dw);
  require_state(op, "m", "w and m", w, m);
  require_state(op, "v", "w and v", w, v);
  require_rates(op, learning_rate, gradient_scale);
  require_vector(op, "step", step, 1);
  if (!(beta1 >= 0.0f && beta1 < 1.0f)) refuse(op, "beta1 must be in [0, 1)", beta1);
  if (!(beta2 >= 0.0f && beta2 < 1.0f)) refuse(op, "beta2 must be in [0, 1)", beta2);
}

}  // namespace RETORT_ISA
}  // namespace retort
