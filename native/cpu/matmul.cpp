#include <cblas.h>

#include <algorithm>

#include "cpu_kernels.h"
#include "parallel.h"
#include "product.h"
#include "require/matmul.h"
#include "retort/bfloat16.h"
#include "split.h"
#include "vector_math.h"

namespace retort {
namespace RETORT_ISA {

int64_t chunk_limit(int64_t multiply_adds, int32_t threads) {
  // About 20 µs of one thread at its peak.
  constexpr int64_t least = 2'500'000;
  if (threads == 1) return 1;
  return std::min<int64_t>(std::max<int64_t>(multiply_adds / least, 1), 4 * threads);
}

void activate(float* x, int64_t size, Activation activation) {
  if (activation == Activation::relu) {
    for (int64_t i = 0; i < size; ++i) x[i] = x[i] < 0 ? 0 : x[i];
  } else if (activation == Activation::gelu) {
    for (int64_t i = 0; i < size; ++i) x[i] = gelu(x[i]);
  }
}

void multiply_blas(const Product& p, int32_t threads) {
  const int64_t chunks = chunk_limit(p.m * p.n * p.k, threads);
  const bool by_rows = p.m >= p.n;
  const int64_t length = by_rows ? p.m : p.n;
  parallel(threads, chunks, [&](int64_t chunk) {
    const int64_t first = length * chunk / chunks, count = length * (chunk + 1) / chunks - first;
    const int64_t m0 = by_rows ? first : 0, n0 = by_rows ? 0 : first;
    const int64_t m = by_rows ? count : p.m, n = by_rows ? p.n : count;
    if (count == 0) return;
    float* c = p.c + m0 * p.n + n0;
    cblas_sgemm(CblasRowMajor, p.a_column == 1 ? CblasNoTrans : CblasTrans, p.b_column == 1 ? CblasNoTrans : CblasTrans,
                static_cast<blasint>(m), static_cast<blasint>(n), static_cast<blasint>(p.k), 1, p.a + m0 * p.a_row,
                static_cast<blasint>(p.a_column == 1 ? p.a_row : p.a_column), p.b + n0 * p.b_column,
                static_cast<blasint>(p.b_column == 1 ? p.b_row : p.b_column), 0, c, static_cast<blasint>(p.n));
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; p.bias && j < n; ++j) c[i * p.n + j] += p.bias[n0 + j];
      activate(c + i * p.n, n, p.activation);
    }
  });
}

namespace {

// Slots of scratch memory that no way of multiplying uses.
constexpr int32_t a_slot = 4, b_slot = 5, y_slot = 6;

void multiply(const Product& product, int32_t threads) {
  // Dot products pack nothing, which pays while few rows share what would be packed; OpenBLAS blocks for more levels of
  // cache, which pays where neither matrix fits into one.
  if (product.m >= 768 && product.n >= 768 && product.k >= 768) {
    multiply_blas(product, threads);
  } else if (product.a_column == 1 && product.b_row == 1 && product.m <= 128) {
    multiply_dots(product, threads);
  } else {
    multiply_panels(product, threads);
  }
}

const float* widened(const TensorView& tensor, int32_t slot, int32_t threads) {
  if (tensor.dtype == DType::float32) return floats(tensor);
  const auto* from = static_cast<const bfloat16*>(tensor.data);
  float* to = scratch(slot, tensor.size());
  split(threads, tensor.size(), chunk_elements, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = to_float(from[i]);
  });
  return to;
}

}  // namespace

void CpuKernels::matmul(const TensorView& a, const TensorView& b, const TensorView* bias, TensorView& y,
                        bool transpose_a, bool transpose_b, Activation activation) {
  const auto [m, n, k] = require_matmul(a, b, bias, y, transpose_a, transpose_b);
  const bool rounded = y.dtype == DType::bfloat16;
  Product product;
  product.m = m, product.n = n, product.k = k;
  product.a = widened(a, a_slot, threads_);
  product.a_row = transpose_a ? 1 : k, product.a_column = transpose_a ? m : 1;
  product.b = widened(b, b_slot, threads_);
  product.b_row = transpose_b ? 1 : n, product.b_column = transpose_b ? k : 1;
  product.bias = bias ? floats(*bias) : nullptr;
  product.c = rounded ? scratch(y_slot, y.size()) : floats(y);
  product.activation = activation;
  multiply(product, threads_);
  if (!rounded) return;
  auto* to = static_cast<bfloat16*>(y.data);
  split(threads_, y.size(), chunk_elements, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = to_bfloat16(product.c[i]);
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
