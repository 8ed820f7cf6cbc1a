// What layer norm asks of its tensors.
#pragma once

#include "require.h"

namespace retort {
namespace RETORT_ISA {

inline void require_layer_norm_forward(const char* op, const TensorView& x, const TensorView& gamma,
                                       const TensorView& beta, const TensorView& y, const TensorView& saved_mean,
                                       const TensorView& saved_inv_std) {
  require_rank(op, "x", x, 2, "[B, C]");
  require_dtype(op, "y", y);
  require_one_shape(op, "x and y", x, y);
  require_vector(op, "gamma", gamma, x.dims[1]);
  require_vector(op, "beta", beta, x.dims[1]);
  require_vector(op, "saved_mean", saved_mean, x.dims[0]);
  require_vector(op, "saved_inv_std", saved_inv_std, x.dims[0]);
}

inline void require_layer_norm_backward(const char* op, const TensorView& x, const TensorView& dy,
                                        const TensorView& gamma, const TensorView& saved_mean,
                                        const TensorView& saved_inv_std, const TensorView& dx, const TensorView& dgamma,
                                        const TensorView& dbeta) {
  require_rank(op, "x", x, 2, "[B, C]");
  require_dtype(op, "dy", dy);
  require_dtype(op, "dx", dx);
  require_one_shape(op, "x and dy", x, dy);
  require_one_shape(op, "x and dx", x, dx);
  require_vector(op, "gamma", gamma, x.dims[1]);
  require_vector(op, "saved_mean", saved_mean, x.dims[0]);
  require_vector(op, "saved_inv_std", saved_inv_std, x.dims[0]);
  require_vector(op, "dgamma", dgamma, x.dims[1]);
  require_vector(op, "dbeta", dbeta, x.dims[1]);
}

}  // namespace RETORT_ISA
}  // namespace retort
