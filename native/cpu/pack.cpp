#include "pack.h"

#include "registers.h"

namespace retort {
namespace RETORT_ISA {
namespace {

template <bool whole>
void transpose_block(const float* from, int64_t from_row, int64_t rows, int64_t columns, float* to, int64_t to_row) {
  Vector block[lanes];
#pragma GCC unroll 16
  for (int i = 0; i < lanes; ++i) {
    block[i] = whole ? load(from + i * from_row) : i < rows ? load_first(from + i * from_row, columns) : Vector{};
  }
  transpose(block);
#pragma GCC unroll 16
  for (int i = 0; i < lanes; ++i) {
    if (whole) {
      store(to + i * to_row, block[i]);
    } else if (i < columns) {
      store_first(to + i * to_row, block[i], rows);
    }
  }
}

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

}  // namespace

void transpose_copy(const float* from, int64_t from_row, int64_t rows, int64_t columns, float* to, int64_t to_row) {
  for (int64_t c = 0; c < columns; c += lanes) {
    for (int64_t r = 0; r < rows; r += lanes) {
      const float* block = from + r * from_row + c;
      float* target = to + c * to_row + r;
      if (r + lanes <= rows && c + lanes <= columns) {
        transpose_block<true>(block, from_row, lanes, lanes, target, to_row);
      } else {
        transpose_block<false>(block, from_row, least(rows - r, lanes), least(columns - c, lanes), target, to_row);
      }
    }
  }
}

void pack_panels(const float* from, int64_t from_row, int64_t from_column, int64_t rows, int64_t columns, int64_t width,
                 float* to) {
  if (from_column != 1) {
    for (int64_t c = 0; c < columns; c += width, to += rows * width) {
      const int64_t here = least(width, columns - c);
      if (from_row == 1) {
        transpose_copy(from + c * from_column, from_column, here, rows, to, width);
      } else {
        for (int64_t r = 0; r < rows; ++r) {
          for (int64_t i = 0; i < here; ++i) to[r * width + i] = from[r * from_row + (c + i) * from_column];
        }
      }
      for (int64_t r = 0; here < width && r < rows; ++r) {
        for (int64_t i = here; i < width; ++i) to[r * width + i] = 0;
      }
    }
    return;
  }
  for (int64_t r = 0; r < rows; ++r) {
    const float* row = from + r * from_row;
    float* target = to + r * width;
    for (int64_t c = 0; c < columns; c += width, target += rows * width) {
      for (int64_t i = 0; i < width; i += lanes) {
        const int64_t left = columns - c - i;
        store(target + i, left >= lanes ? load(row + c + i) : load_first(row + c + i, left > 0 ? left : 0));
      }
    }
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
