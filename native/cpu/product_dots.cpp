#include <algorithm>

#include "parallel.h"
#include "product.h"
#include "registers.h"
#include "split.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int dot_rows = 4;
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int dot_columns = 6;
#else
constexpr int dot_columns = 3;
#endif
constexpr int64_t far = 4096;         // floats between the rows of A, from which on it is packed
constexpr int64_t most_depth = 1152;  // so that the rows of a tile, 4 of A and 6 of B, stay in L1

// out[m][columns] = Σ_k a[m][k]·b[n][k]. From `ahead` on, what a later tile reads is brought nearer, `ahead_step`
// floats with every vector.
struct Operands {
  const float* a;
  int64_t a_row, a_step;  // from one row to the next, and from one vector of k to the next
  const float* b;
  int64_t b_row;
  int64_t depth;
  const float* ahead;
  int64_t ahead_step;
};
using Dots = void (*)(const Operands&, float* out);

template <int rows, int columns>
void dots(const Operands& operands, float* out) {
  const float *a = operands.a, *b = operands.b, *ahead = operands.ahead;
  const int64_t a_row = operands.a_row, b_row = operands.b_row, depth = operands.depth;
  Vector sum[rows][columns] = {};
  int64_t k = 0;
  for (; k + lanes <= depth; k += lanes, a += operands.a_step, ahead += operands.ahead_step) {
    Vector right[columns];
#pragma GCC unroll 6
    for (int n = 0; n < columns; ++n) right[n] = load(b + n * b_row + k);
    __builtin_prefetch(ahead, 0, 2);
#pragma GCC unroll 4
    for (int m = 0; m < rows; ++m) {
      const Vector left = load(a + m * a_row);
#pragma GCC unroll 6
      for (int n = 0; n < columns; ++n) sum[m][n] += left * right[n];
    }
  }
  if (k < depth) {
    Vector right[columns];
#pragma GCC unroll 6
    for (int n = 0; n < columns; ++n) right[n] = load_first(b + n * b_row + k, depth - k);
#pragma GCC unroll 4
    for (int m = 0; m < rows; ++m) {
      const Vector left = load_first(a + m * a_row, depth - k);
#pragma GCC unroll 6
      for (int n = 0; n < columns; ++n) sum[m][n] += left * right[n];
    }
  }
  constexpr int all = rows * columns;
#pragma GCC unroll 6
  for (int first = 0; first < all; first += lanes) {
    Vector group[lanes];
#pragma GCC unroll 16
    for (int i = 0; i < lanes; ++i) {
      group[i] = first + i < all ? sum[(first + i) / columns % rows][(first + i) % columns] : Vector{};
    }
    store(out + first, sums(group));
  }
}

#if defined(__AVX512F__) || defined(__aarch64__)
#define RETORT_DOTS(rows) \
  { dots<rows, 1>, dots<rows, 2>, dots<rows, 3>, dots<rows, 4>, dots<rows, 5>, dots<rows, 6> }
#else
#define RETORT_DOTS(rows) \
  { dots<rows, 1>, dots<rows, 2>, dots<rows, 3> }
#endif
constexpr Dots kernels[dot_rows][dot_columns] = {RETORT_DOTS(1), RETORT_DOTS(2), RETORT_DOTS(3), RETORT_DOTS(4)};
#undef RETORT_DOTS

// C[rows, columns] of one chunk over [k0, k1); c may be a partial sum that knows no bias.
struct Region {
  int64_t row, row_end, column, column_end, k0, k1;
  float* c;  // at (row, column)
  int64_t c_row;
  bool finished;  // bias and activation follow
};

// The rows of A that one tile reads, interleaved by vectors: one stream on few pages instead of several far apart,
// which would fall on one another in L2 and ask for more pages than the first TLB holds.
void interleave(const float* a, int64_t a_row, int64_t rows, int64_t depth, float* to) {
  for (int64_t k = 0; k < depth; k += lanes) {
    for (int64_t m = 0; m < rows; ++m, to += lanes) {
      store(to, k + lanes <= depth ? load(a + m * a_row + k) : load_first(a + m * a_row + k, depth - k));
    }
  }
}

void multiply(const Product& p, const Region& region) {
  const int64_t blocks = ceil_div(region.k1 - region.k0, most_depth);
  // Whole lines: only the last block ends within one.
  const int64_t depth = ceil_div(ceil_div(region.k1 - region.k0, blocks), 16) * 16;
  const bool interleaved = p.a_row >= far && region.column_end - region.column >= 8 * dot_columns;
  const int64_t tiles = ceil_div(region.row_end - region.row, dot_rows), tile_floats = dot_rows * depth;
  float* packed = interleaved ? scratch(1, tiles * tile_floats) : nullptr;
  for (int64_t k = region.k0; k < region.k1; k += depth) {
    const int64_t length = std::min(depth, region.k1 - k);
    const bool first = k == region.k0, finish = region.finished && k + depth >= region.k1;
    for (int64_t t = 0; interleaved && t < tiles; ++t) {
      const int64_t m = region.row + t * dot_rows;
      interleave(p.a + m * p.a_row + k, p.a_row, std::min<int64_t>(dot_rows, region.row_end - m), length,
                 packed + t * tile_floats);
    }
    for (int64_t n = region.column; n < region.column_end; n += dot_columns) {
      const int64_t width = std::min<int64_t>(dot_columns, region.column_end - n);
      // The rows of B that the next tiles read are spread evenly over the tiles before them: bunched they would outrun
      // what a core can have on its way from memory.
      const int64_t next_rows = std::min<int64_t>(dot_columns, region.column_end - n - width);
      const int64_t share = next_rows > 0 ? std::max<int64_t>(tiles / next_rows, 1) : 0;
      const int64_t part_floats = share > 0 ? length / share : 0;
      int64_t next_row = 0, part = 0;
      for (int64_t t = 0; t < tiles; ++t) {
        const int64_t m = region.row + t * dot_rows, height = std::min<int64_t>(dot_rows, region.row_end - m);
        const float* b = p.b + n * p.b_column + k;
        Operands operands{p.a + m * p.a_row + k, p.a_row, lanes, b, p.b_column, length, b, 0};
        if (next_row < next_rows) {
          operands.ahead = b + (width + next_row) * p.b_column + part * part_floats;
          operands.ahead_step = lanes / share;
          if (++part == share) part = 0, ++next_row;
        }
        if (interleaved)
          operands.a = packed + t * tile_floats, operands.a_row = lanes, operands.a_step = height * lanes;
        alignas(64) float out[dot_rows * dot_columns + lanes];
        kernels[height - 1][width - 1](operands, out);
        const float* bias = finish && p.bias ? p.bias + n : nullptr;
        const Vector floor = floor_of(finish && p.activation == Activation::relu);
        for (int64_t i = 0; i < height; ++i) {
          float* c = region.c + (m + i - region.row) * region.c_row + (n - region.column);
          Vector value = load_first(out + i * width, width);
          if (!first) value += load_first(c, width);
          if (bias) value += load_first(bias, width);
          store_first(c, larger(floor, value), width);
          if (finish && p.activation == Activation::gelu) activate(c, width, p.activation);
        }
      }
    }
  }
}

}  // namespace

void multiply_dots(const Product& p, int32_t threads) {
  const int64_t chunks = chunk_limit(p.m * p.n * p.k, threads);
  const int64_t depth_chunks = p.k >= 4096 && p.m * p.n <= 65536 ? std::min(chunks, p.k / 1024) : 1;
  if (depth_chunks > 1) {
    const int64_t depth = ceil_div(ceil_div(p.k, depth_chunks), 16) * 16;
    float* partial = scratch(0, depth_chunks * p.m * p.n);
    const int64_t used = ceil_div(p.k, depth);
    parallel(threads, used, [&](int64_t chunk) {
      multiply(p, {0, p.m, 0, p.n, chunk * depth, std::min(p.k, (chunk + 1) * depth), partial + chunk * p.m * p.n, p.n,
                   false});
    });
    for (int64_t i = 0; i < p.m; ++i) {
      for (int64_t j = 0; j < p.n; ++j) {
        float value = p.bias ? p.bias[j] : 0;
        for (int64_t chunk = 0; chunk < used; ++chunk) value += partial[(chunk * p.m + i) * p.n + j];
        p.c[i * p.n + j] = value;
      }
    }
    activate(p.c, p.m * p.n, p.activation);
    return;
  }
  const int64_t columns = ceil_div(ceil_div(p.n, chunks), dot_columns) * dot_columns;
  const int64_t column_chunks = ceil_div(p.n, columns);
  const int64_t rows = ceil_div(ceil_div(p.m, std::max<int64_t>(chunks / column_chunks, 1)), dot_rows) * dot_rows;
  const int64_t row_chunks = ceil_div(p.m, rows);
  parallel(threads, column_chunks * row_chunks, [&](int64_t chunk) {
    const int64_t m = chunk % row_chunks * rows, n = chunk / row_chunks * columns;
    multiply(p, {m, std::min(p.m, m + rows), n, std::min(p.n, n + columns), 0, p.k, p.c + m * p.n + n, p.n, true});
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
