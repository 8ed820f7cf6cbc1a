#include "tile.h"

namespace retort {
namespace RETORT_ISA {
namespace {

template <int rows, int vectors, bool copies>
void multiply(const Tile& tile) {
  Vector sum[rows][vectors] = {};
  const int64_t row = tile.a_row, b_row = tile.b_row;
  const float* next = tile.next;
  const int64_t next_row = tile.next_row;
  float* copy = tile.copy;
  const int64_t between = tile.copy_every - 1, ahead = copy_ahead / tile.copy_every * next_row;
  for (int64_t segment = 0; segment < tile.segments; ++segment) {
    // One pointer for three rows: the addressing modes reach the other two by the scales 4 and 8.
    constexpr int pointers = (rows + 2) / 3;
    const float* a[pointers];
#pragma GCC unroll 5
    for (int i = 0; i < pointers; ++i) a[i] = tile.a + segment * tile.a_segment + 3 * i * row;
    const float* b = tile.b + segment * tile.b_segment;
    for (int64_t k = 0; k < tile.depth; ++k) {
      Vector right[vectors];
#pragma GCC unroll 2
      for (int n = 0; n < vectors; ++n) right[n] = load(b + n * lanes);
      if (copies && (k & between) == 0) {
#pragma GCC unroll 2
        for (int n = 0; n < vectors; ++n) {
          __builtin_prefetch(next + ahead + n * lanes, 0, 2);
          store(copy + n * lanes, load(next + n * lanes));
        }
        next += next_row;
        copy += tile_columns;
      }
#pragma GCC unroll 14
      for (int m = 0; m < rows; ++m) {
        const Vector left = broadcast(a[m / 3][m % 3 * row]);
#pragma GCC unroll 2
        for (int n = 0; n < vectors; ++n) sum[m][n] += left * right[n];
      }
#pragma GCC unroll 5
      for (int i = 0; i < pointers; ++i) {
        ++a[i];
        // Without this the compiler keeps a pointer for every row, more than there are registers.
        asm("" : "+r"(a[i]));
      }
      b += b_row;
    }
  }
  // In locals, because the stores might change what the tile says.
  float* const c = tile.c;
  const int64_t c_row = tile.c_row;
  const Vector floor = floor_of(tile.relu);
  const bool accumulate = tile.accumulate;
  Vector bias[vectors];
#pragma GCC unroll 2
  for (int n = 0; n < vectors; ++n) bias[n] = tile.bias ? load(tile.bias + n * lanes) : Vector{};
  if (tile.streamed) {
#pragma GCC unroll 14
    for (int m = 0; m < rows; ++m) {
#pragma GCC unroll 2
      for (int n = 0; n < vectors; ++n) stream(c + m * c_row + n * lanes, larger(floor, sum[m][n] + bias[n]));
    }
    return;
  }
#pragma GCC unroll 14
  for (int m = 0; m < rows; ++m) {
#pragma GCC unroll 2
    for (int n = 0; n < vectors; ++n) {
      float* to = c + m * c_row + n * lanes;
      store(to, larger(floor, sum[m][n] + (accumulate ? load(to) : bias[n])));
    }
  }
}

using Multiply = void (*)(const Tile&);

#if defined(__AVX512F__) || defined(__aarch64__)
#define RETORT_ROWS(vectors, copies)                                                                 \
  {                                                                                                  \
    multiply<1, vectors, copies>, multiply<2, vectors, copies>, multiply<3, vectors, copies>,        \
        multiply<4, vectors, copies>, multiply<5, vectors, copies>, multiply<6, vectors, copies>,    \
        multiply<7, vectors, copies>, multiply<8, vectors, copies>, multiply<9, vectors, copies>,    \
        multiply<10, vectors, copies>, multiply<11, vectors, copies>, multiply<12, vectors, copies>, \
        multiply<13, vectors, copies>, multiply<14, vectors, copies>                                 \
  }
#else
#define RETORT_ROWS(vectors, copies)                                                             \
  {                                                                                              \
    multiply<1, vectors, copies>, multiply<2, vectors, copies>, multiply<3, vectors, copies>,    \
        multiply<4, vectors, copies>, multiply<5, vectors, copies>, multiply<6, vectors, copies> \
  }
#endif
constexpr Multiply kernels[tile_vectors][tile_rows] = {RETORT_ROWS(1, false), RETORT_ROWS(2, false)};
constexpr Multiply copying[tile_rows] = RETORT_ROWS(2, true);
#undef RETORT_ROWS

}  // namespace

void multiply(const Tile& tile, int64_t rows, int64_t vectors) {
  const Multiply kernel = tile.next ? copying[rows - 1] : kernels[vectors - 1][rows - 1];
  kernel(tile);
}

}  // namespace RETORT_ISA
}  // namespace retort
