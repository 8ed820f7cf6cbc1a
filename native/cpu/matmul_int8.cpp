// Products of int8: widened to int16 a block of k at a time, since that is what every instruction set multiplies and
// adds by pairs; sums are exact, so that their order is free.
#include <algorithm>

#include "cpu_kernels.h"
#include "parallel.h"
#include "product.h"
#include "require/matmul.h"
#include "split.h"
#include "vector_math.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int64_t tile = 4;
constexpr int64_t most_depth = 2048;  // four rows of b, widened, stay in L1
constexpr int64_t most_rows = 64;     // of a chunk: so many of a, widened, stay in L2
// Rows of k are filled up with zeros to whole vectors of any instruction set.
constexpr int64_t whole = 64;

struct Int8Product {
  int64_t m, n, k;
  const int8_t *a, *b;
  const float *scale, *bias;
  float* y;
  Activation activation;
};

// sums[row][column] += Σ_k a[row][k]·b[column][k].
template <int64_t rows>
__attribute__((noinline)) void dots(const int16_t* a, const int16_t* b, int64_t depth, int32_t* sums,
                                    int64_t sums_row) {
  int32_t sum[rows][tile] = {};
  for (int64_t k = 0; k < depth; ++k) {
#pragma GCC unroll 4
    for (int64_t i = 0; i < rows; ++i) {
#pragma GCC unroll 4
      for (int64_t j = 0; j < tile; ++j) sum[i][j] += int32_t{a[i * depth + k]} * int32_t{b[j * depth + k]};
    }
  }
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < tile; ++j) sums[i * sums_row + j] += sum[i][j];
  }
}

// `rows` of k elements each; rows from rows_left on are zeros.
void widen(const int8_t* from, int64_t row, int64_t rows, int64_t rows_left, int64_t k, int64_t depth, int16_t* to) {
  for (int64_t i = 0; i < rows; ++i, to += depth) {
    const int64_t filled = i < rows_left ? k : 0;
    for (int64_t j = 0; j < filled; ++j) to[j] = from[i * row + j];
    std::fill(to + filled, to + depth, int16_t{0});
  }
}

void finish(const Int8Product& p, int64_t m, int64_t column, int64_t columns, const int32_t* sums) {
  const float *scale = p.scale + column, *bias = p.bias ? p.bias + column : nullptr;
  float* y = p.y + m * p.n + column;
  for (int64_t j = 0; j < columns; ++j) y[j] = scale[j] * static_cast<float>(sums[j]) + (bias ? bias[j] : 0);
  activate(y, columns, p.activation);
}

void multiply(const Int8Product& p, int64_t row, int64_t rows, int64_t column, int64_t columns) {
  const int64_t depth = std::min(most_depth, ceil_div(p.k, whole) * whole);
  const int64_t sums_row = ceil_div(columns, tile) * tile;
  auto* a = reinterpret_cast<int16_t*>(scratch(0, rows * depth / 2));
  auto* b = reinterpret_cast<int16_t*>(scratch(1, tile * depth / 2));
  auto* sums = reinterpret_cast<int32_t*>(scratch(2, rows * sums_row));
  std::fill(sums, sums + rows * sums_row, 0);
  for (int64_t k = 0; k < p.k; k += most_depth) {
    const int64_t length = std::min(most_depth, p.k - k), filled = ceil_div(length, whole) * whole;
    widen(p.a + row * p.k + k, p.k, rows, rows, length, filled, a);
    for (int64_t n = 0; n < columns; n += tile) {
      widen(p.b + (column + n) * p.k + k, p.k, tile, columns - n, length, filled, b);
      int64_t m = 0;
      for (; m + tile <= rows; m += tile) dots<tile>(a + m * filled, b, filled, sums + m * sums_row + n, sums_row);
      for (; m < rows; ++m) dots<1>(a + m * filled, b, filled, sums + m * sums_row + n, sums_row);
    }
  }
  for (int64_t m = 0; m < rows; ++m) finish(p, row + m, column, columns, sums + m * sums_row);
}

}  // namespace

void CpuKernels::matmul_int8(const TensorView& a, const TensorView& b, const TensorView& scale, const TensorView* bias,
                             TensorView& y, Activation activation) {
  const auto [m, n, k] = require_matmul_int8(a, b, scale, bias, y);
  const Int8Product p{m,
                      n,
                      k,
                      static_cast<const int8_t*>(a.data),
                      static_cast<const int8_t*>(b.data),
                      floats(scale),
                      bias ? floats(*bias) : nullptr,
                      floats(y),
                      activation};
  const int64_t chunks = chunk_limit(m * n * k, threads_);
  const int64_t rows = std::min(most_rows, ceil_div(ceil_div(m, chunks), tile) * tile), row_chunks = ceil_div(m, rows);
  const int64_t columns = ceil_div(ceil_div(n, std::max<int64_t>(chunks / row_chunks, 1)), tile) * tile;
  parallel(threads_, row_chunks * ceil_div(n, columns), [&](int64_t chunk) {
    const int64_t row = chunk % row_chunks * rows, column = chunk / row_chunks * columns;
    multiply(p, row, std::min(rows, p.m - row), column, std::min(columns, p.n - column));
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
