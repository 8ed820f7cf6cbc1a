// What softmax and the losses over logits [B,C] ask of their tensors.
#pragma once

#include "require.h"

namespace retort {
namespace RETORT_ISA {

inline void require_logits(const char* op, const char* name, const TensorView& z) {
  require_rank(op, name, z, 2, "[B, C]");
}

inline float require_temperature(const char* op, const TensorView& temperature) {
  const float value = require_scalar(op, "temperature", temperature);
  if (!(value > 0.0f && value < __builtin_inff())) refuse(op, "temperature must be over 0 and finite", value);
  return value;
}

}  // namespace RETORT_ISA
}  // namespace retort
