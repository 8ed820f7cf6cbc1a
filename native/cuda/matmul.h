// A product of two matrices on the device, and the ways to carry it out; matmul.cu chooses among them.
#pragma once

#include "device/platform.cuh"
#include "retort/kernels.h"

namespace retort {
namespace RETORT_ISA {

// A stored matrix, a[m,k] or b[n,k]: `row` elements from one stored row to the next; along_k where k runs within a row
// (a is stored [M,K], b is stored [N,K]), otherwise k counts the rows (a is stored [K,M], b is stored [K,N]).
struct Factor {
  const void* data;
  int64_t row;
  bool along_k;
};

// y[m,n] = activation(scale[n]·Σ_k a[m,k]·b[n,k] + bias[n]).
struct Product {
  int64_t m, n, k;
  Factor a, b;
  DType dtype;          // of a and b: float32, bfloat16 or int8
  Precision precision;  // how float32 factors are rounded
  const float* scale;   // [N], or null (1)
  const float* bias;    // [N], or null (0)
  Activation activation;
  void* y;
  DType y_dtype;  // float32 or bfloat16
  int64_t y_row;
  void* scratch;  // aligned to 256 bytes
  int64_t scratch_bytes;
  int32_t processors;
  cudaStream_t stream;
};

// Whether every stored row of the factor begins on 16 bytes, so that it may be read 16 bytes at a time.
inline bool in_vectors(const Factor& factor, DType dtype) {
  return (reinterpret_cast<uintptr_t>(factor.data) | static_cast<uintptr_t>(factor.row * width_of(dtype))) % 16 == 0;
}

// TMA and wgmma, for GPUs of sm_90. False, and nothing done, where the product's shape or alignment does not suit it.
bool multiply_on_hopper(const Product& product);

// From sm_80 on; any shape and alignment.
void multiply_float32(const Product& product);
void multiply_tf32(const Product& product);
// Of bfloat16 factors, and of float32 factors that are rounded to it.
void multiply_bfloat16(const Product& product);
void multiply_rounded_to_bfloat16(const Product& product);
void multiply_int8(const Product& product);

// The second launch of a product whose k was split: y of the sums over `parts` of partial[part][m][n], in the order of
// parts. The partial sums stand in the product's scratch, float or (int8) int32.
void sum_parts(const Product& product, int32_t parts);

}  // namespace RETORT_ISA
}  // namespace retort
