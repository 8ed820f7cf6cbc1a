// The ways to multiply two matrices; matmul.cpp chooses among them.
#pragma once

#include "retort/kernels.h"

namespace retort {
namespace RETORT_ISA {

// C[m,n] = activation(A·B + bias[n]); element (i, j) of A stands at a[i·a_row + j·a_column], and so B; C is row-major.
struct Product {
  int64_t m, n, k;
  const float* a;
  int64_t a_row, a_column;
  const float* b;
  int64_t b_row, b_column;
  const float* bias;  // [n] or null
  float* c;
  Activation activation;
};

// B in packed panels of a few columns, held in L2; A one float at a time. For any strides.
void multiply_panels(const Product& product, int32_t threads);
// Sums along k where it is contiguous in A and in B (a_column = b_row = 1), nothing packed.
void multiply_dots(const Product& product, int32_t threads);
// OpenBLAS, one thread of it in each chunk.
void multiply_blas(const Product& product, int32_t threads);

// In how many chunks work of so many multiply-adds may be split: none shorter than the cost of waking a thread.
int64_t chunk_limit(int64_t multiply_adds, int32_t threads);

// In place.
void activate(float* x, int64_t size, Activation activation);

}  // namespace RETORT_ISA
}  // namespace retort
