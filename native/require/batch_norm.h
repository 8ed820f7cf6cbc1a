// What batch norm asks of its tensors.
#pragma once

#include "require.h"

namespace retort {
namespace RETORT_ISA {

inline Channels require_batch_norm_inference(const char* op, const TensorView& x, const TensorView& gamma,
                                             const TensorView& beta, const TensorView& running_mean,
                                             const TensorView& running_variance, const TensorView& y) {
  const Channels shape = channels_of(op, "x", x);
  require_dtype(op, "y", y);
  require_one_shape(op, "x and y", x, y);
  require_vector(op, "gamma", gamma, shape.channels);
  require_vector(op, "beta", beta, shape.channels);
  require_vector(op, "running_mean", running_mean, shape.channels);
  require_vector(op, "running_variance", running_variance, shape.channels);
  return shape;
}

inline Channels require_batch_norm_forward(const char* op, const TensorView& x, const TensorView& gamma,
                                           const TensorView& beta, const TensorView& running_mean,
                                           const TensorView& running_variance, const TensorView& y,
                                           const TensorView& saved_mean, const TensorView& saved_inv_std) {
  const Channels shape = require_batch_norm_inference(op, x, gamma, beta, running_mean, running_variance, y);
  require_vector(op, "saved_mean", saved_mean, shape.channels);
  require_vector(op, "saved_inv_std", saved_inv_std, shape.channels);
  if (shape.values() < 2) refuse(op, "each channel must have at least 2 values", describe(x));
  return shape;
}

inline Channels require_batch_norm_backward(const char* op, const TensorView& x, const TensorView& dy,
                                            const TensorView& gamma, const TensorView& saved_mean,
                                            const TensorView& saved_inv_std, const TensorView& dx,
                                            const TensorView& dgamma, const TensorView& dbeta) {
  const Channels shape = channels_of(op, "x", x);
  require_dtype(op, "dy", dy);
  require_dtype(op, "dx", dx);
  require_one_shape(op, "x and dy", x, dy);
  require_one_shape(op, "x and dx", x, dx);
  require_vector(op, "gamma", gamma, shape.channels);
  require_vector(op, "saved_mean", saved_mean, shape.channels);
  require_vector(op, "saved_inv_std", saved_inv_std, shape.channels);
  require_vector(op, "dgamma", dgamma, shape.channels);
  require_vector(op, "dbeta", dbeta, shape.channels);
  return shape;
}

}  // namespace RETORT_ISA
}  // namespace retort
