// The temperature of softmax and its losses.
#pragma once

#include "require/require.h"

namespace retort {
namespace RETORT_ISA {

inline float require_temperature(const char* op, const TensorView& temperature) {
  const float value = require_scalar(op, "temperature", temperature);
  if (!(value > 0.0f && value < __builtin_inff())) refuse(op, "temperature must be over 0 and finite", value);
  return value;
}

}  // namespace RETORT_ISA
}  // namespace retort
