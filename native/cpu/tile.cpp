#include "tile.h"

namespace retort {
namespace RETORT_ISA {
namespace {

template <int rows, int vectors>
void multiply(const Tile& tile) {
  Vector sum[rows][vectors] = {};
  const int64_t row = tile.a_row, b_row = tile.b_row;
  const float* prefetch = tile.prefetch ? tile.prefetch : tile.b;
  const int64_t prefetch_row = tile.prefetch_row;
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
      __builtin_prefetch(prefetch, 0, 2);
      prefetch += prefetch_row;
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

constexpr Multiply kernels[tile_vectors][14] = {
    {multiply<1, 1>, multiply<2, 1>, multiply<3, 1>, multiply<4, 1>, multiply<5, 1>, multiply<6, 1>,
#if defined(__AVX512F__) || defined(__aarch64__)
     multiply<7, 1>, multiply<8, 1>, multiply<9, 1>, multiply<10, 1>, multiply<11, 1>, multiply<12, 1>,
     multiply<13, 1>, multiply<14, 1>
#endif
    },
    {multiply<1, 2>, multiply<2, 2>, multiply<3, 2>, multiply<4, 2>, multiply<5, 2>, multiply<6, 2>,
#if defined(__AVX512F__) || defined(__aarch64__)
     multiply<7, 2>, multiply<8, 2>, multiply<9, 2>, multiply<10, 2>, multiply<11, 2>, multiply<12, 2>,
     multiply<13, 2>, multiply<14, 2>
#endif
    }};

}  // namespace

void multiply(const Tile& tile, int64_t rows, int64_t vectors) { kernels[vectors - 1][rows - 1](tile); }

}  // namespace RETORT_ISA
}  // namespace retort
