// What attention's forward and backward pass share: blocks of queries and keys, and their products in registers.
#pragma once

#include <cstring>

#include "split.h"
#include "tile.h"

namespace retort {
namespace RETORT_ISA {

// Queries and keys of a block: its scores, and a block of k and of v of the usual depths, stay in the second cache.
constexpr int64_t attention_block = 64;

inline int64_t whole_vectors(int64_t floats) { return ceil_div(floats, lanes) * lanes; }
inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// C[rows, columns] = or += A[rows, depth]·B[depth, columns]; columns in whole vectors, also in B's and in C's memory.
inline void multiply_block(const float* a, int64_t a_row, int64_t rows, const float* b, int64_t b_row, int64_t depth,
                           float* c, int64_t c_row, int64_t columns, bool accumulate) {
  const int64_t tiles = ceil_div(rows, tile_rows);
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t row = rows * t / tiles, row_end = rows * (t + 1) / tiles;
    for (int64_t column = 0; column < columns; column += tile_columns) {
      Tile tile;
      tile.a = a + row * a_row;
      tile.a_row = a_row;
      tile.a_segment = 0;
      tile.b = b + column;
      tile.b_row = b_row;
      tile.b_segment = 0;
      tile.depth = depth;
      tile.c = c + row * c_row + column;
      tile.c_row = c_row;
      tile.accumulate = accumulate;
      multiply(tile, row_end - row, least(tile_vectors, (columns - column) / lanes));
    }
  }
}

inline void copy_rows(const float* from, int64_t from_row, int64_t rows, int64_t columns, float* to, int64_t to_row) {
  for (int64_t r = 0; r < rows; ++r) {
    std::memcpy(to + r * to_row, from + r * from_row, static_cast<size_t>(columns) * sizeof(float));
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
