// Products of int8 with exact sums in int32; how the work is divided stands in matmul_tensor.cuh.
#include "cuda_kernels.h"
#include "matmul_tensor.cuh"
#include "require/matmul.h"

namespace retort {
namespace RETORT_ISA {
namespace {

struct Int8 {
  using Element = int8_t;
  using Sum = int32_t;
  static constexpr int32_t elements = 32, padding_along_k = 16, padding_across = 16;

  template <bool of_a, bool along_k, int32_t pitch>
  __device__ static __forceinline__ void load(uint32_t (&word)[4], const int8_t* tile, int32_t row, int32_t k) {
    static_assert(along_k, "words of four k's lie only along rows of k");
    load_along_k<of_a, pitch>(word, tile, row, k);
  }

  __device__ static __forceinline__ void multiply(int32_t (&sum)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    mma_int8(sum, a, b);
  }
};

}  // namespace

void multiply_int8(const Product& p) { multiply_stored<Int8, true, true>(p); }

void CudaKernels::matmul_int8(const TensorView& a, const TensorView& b, const TensorView& scale, const TensorView* bias,
                              TensorView& y, Activation activation) {
  Operands operands("matmul_int8");
  operands.in("a", a).in("b", b).in("scale", scale).in("bias", bias).out("y", y).scratch(scratch_, scratch_bytes_);
  const ProductShape shape = require_matmul_int8(a, b, scale, bias, y);
  Product p{};
  p.m = shape.m, p.n = shape.n, p.k = shape.k;
  p.a = {a.data, shape.k, true};
  p.b = {b.data, shape.k, true};
  p.dtype = DType::int8;
  p.scale = floats(scale);
  p.bias = bias ? floats(*bias) : nullptr;
  p.activation = activation;
  p.y = y.data, p.y_dtype = DType::float32, p.y_row = shape.n;
  p.scratch = scratch_, p.scratch_bytes = scratch_bytes_;
  p.processors = processors_;
  p.stream = stream_;
  multiply_int8(p);
}

}  // namespace RETORT_ISA
}  // namespace retort
