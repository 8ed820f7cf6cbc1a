// Which kernel carries out a product: tensor cores where the factors are bfloat16 or may be rounded, Hopper's own way
// to them where the GPU has it and the shape suits it, and otherwise plain multiply-adds.
#include "matmul.h"

#include "cuda_kernels.h"
#include "require/matmul.h"

namespace retort {
namespace RETORT_ISA {

void CudaKernels::matmul(const TensorView& a, const TensorView& b, const TensorView* bias, TensorView& y,
                         bool transpose_a, bool transpose_b, Activation activation) {
  Operands operands("matmul");
  operands.in("a", a).in("b", b).in("bias", bias).out("y", y).scratch(scratch_, scratch_bytes_);
  const ProductShape shape = require_matmul(a, b, bias, y, transpose_a, transpose_b);
  Product p{};
  p.m = shape.m, p.n = shape.n, p.k = shape.k;
  p.a = {a.data, a.dim(1), !transpose_a};
  p.b = {b.data, b.dim(1), transpose_b};
  p.dtype = a.dtype;
  p.precision = precision_;
  p.bias = bias ? floats(*bias) : nullptr;
  p.activation = activation;
  p.y = y.data, p.y_dtype = y.dtype, p.y_row = shape.n;
  p.scratch = scratch_, p.scratch_bytes = scratch_bytes_;
  p.processors = processors_;
  p.stream = stream_;
  const bool rounded = p.dtype == DType::bfloat16 || p.precision != Precision::float32;
  if (rounded && architecture_ == 90 && multiply_on_hopper(p)) return;
  if (p.dtype == DType::bfloat16) {
    multiply_bfloat16(p);
  } else if (p.precision == Precision::bfloat16) {
    multiply_rounded_to_bfloat16(p);
  } else if (p.precision == Precision::tf32) {
    multiply_tf32(p);
  } else {
    multiply_float32(p);
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
