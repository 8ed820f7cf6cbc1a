#pragma once

#include "require.h"

namespace retort {
namespace RETORT_ISA {

inline Channels require_bias_forward(const TensorView& x, const TensorView& bias, const TensorView& y) {
  const char* op = "bias_forward";
  const Channels shape = channels_of(op, "x", x);
  require_vector(op, "bias", bias, shape.channels);
  require_dtype(op, "y", y);
  require_one_shape(op, "x and y", x, y);
  return shape;
}

inline Channels require_bias_backward(const TensorView& dy, const TensorView& dbias) {
  const char* op = "bias_backward";
  const Channels shape = channels_of(op, "dy", dy);
  require_vector(op, "dbias", dbias, shape.channels);
  return shape;
}

}  // namespace RETORT_ISA
}  // namespace retort
