// What products of two matrices ask of their tensors.
#pragma once

#include "require.h"

namespace retort {
namespace RETORT_ISA {

struct ProductShape {
  int64_t m, n, k;
};

inline void require_product_result(const char* op, const TensorView& y, int64_t m, int64_t n) {
  if (y.dim(0) != m || y.dim(1) != n) {
    refuse(op, "y must be [" + std::to_string(m) + ", " + std::to_string(n) + "]", describe(y));
  }
}

inline ProductShape require_matmul(const TensorView& a, const TensorView& b, const TensorView* bias,
                                   const TensorView& y, bool transpose_a, bool transpose_b) {
  const char* op = "matmul";
  const bool narrow = a.dtype == DType::bfloat16;
  require_tensor(op, "a", a);
  if (!narrow && a.dtype != DType::float32) refuse(op, "a must be float32 or bfloat16", describe(a));
  require_rank(op, "a", a, 2, "[M, K]", a.dtype);
  require_rank(op, "b", b, 2, "[K, N]", a.dtype);
  require_rank(op, "y", y, 2, "[M, N]", narrow && y.dtype == DType::bfloat16 ? DType::bfloat16 : DType::float32);
  const int64_t m = a.dim(transpose_a ? 1 : 0), k = a.dim(transpose_a ? 0 : 1);
  const int64_t n = b.dim(transpose_b ? 0 : 1);
  if (b.dim(transpose_b ? 1 : 0) != k) {
    refuse(op, "a and b must agree in K", describe(a), transpose_a ? " transposed" : "", " and ", describe(b),
           transpose_b ? " transposed" : "");
  }
  require_product_result(op, y, m, n);
  if (bias) require_vector(op, "bias", *bias, n);
  return {m, n, k};
}

inline ProductShape require_matmul_int8(const TensorView& a, const TensorView& b, const TensorView& scale,
                                        const TensorView* bias, const TensorView& y) {
  const char* op = "matmul_int8";
  require_rank(op, "a", a, 2, "[M, K]", DType::int8);
  require_rank(op, "b", b, 2, "[N, K]", DType::int8);
  require_rank(op, "y", y, 2, "[M, N]");
  const int64_t m = a.dim(0), n = b.dim(0), k = a.dim(1);
  // -128·-128 each: more of them would pass what an int32 holds.
  constexpr int64_t most_depth = 131071;
  if (b.dim(1) != k) refuse(op, "a and b must agree in K", describe(a), " and ", describe(b));
  if (k > most_depth) refuse(op, "K must be at most " + std::to_string(most_depth), k);
  require_vector(op, "scale", scale, n);
  if (bias) require_vector(op, "bias", *bias, n);
  require_product_result(op, y, m, n);
  return {m, n, k};
}

}  // namespace RETORT_ISA
}  // namespace retort
