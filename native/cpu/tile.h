// The product's innermost part: a block of C held in registers.
#pragma once

#include "registers.h"

namespace retort {
namespace RETORT_ISA {

constexpr int tile_vectors = 2;
constexpr int tile_columns = tile_vectors * lanes;
// As many rows as registers hold: 32 of them, or 16.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int tile_rows = 14;
#else
constexpr int tile_rows = 6;
#endif

// C[m][n] = or += Σ over segments s and k < depth of A[m][s][k]·B[s][k][n], and then bias[n] and relu.
// A is read one float at a time, B one row of whole vectors at a time, both where they lie.
struct Tile {
  const float* a;
  int64_t a_row;      // from one m to the next
  int64_t a_segment;  // from one s to the next
  const float* b;
  int64_t b_row;  // from one k to the next
  int64_t b_segment;
  int64_t depth;
  int64_t segments = 1;
  float* c;
  int64_t c_row;
  const float* bias = nullptr;  // whole vectors; only without accumulate
  // Rows of a panel of B, [depth/copy_every][tile_columns], copied meanwhile for a tile to come, one at every
  // copy_every-th k; only with all of tile_vectors and one segment.
  const float* next = nullptr;
  int64_t next_row = 0;
  float* copy = nullptr;
  int64_t copy_every = 1;  // a power of 2
  bool accumulate = false;
  bool relu = false;
  bool streamed = false;  // C goes past the caches: only aligned to vectors and without accumulate
};

// A row to be copied is called from memory that many k before.
constexpr int64_t copy_ahead = 48;

// 1 ≤ rows ≤ tile_rows, 1 ≤ vectors ≤ tile_vectors.
void multiply(const Tile& tile, int64_t rows, int64_t vectors);

}  // namespace RETORT_ISA
}  // namespace retort
