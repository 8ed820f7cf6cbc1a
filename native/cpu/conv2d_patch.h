// An image laid out H W C with its padding: the pixels under one row of the kernel are one contiguous run, so that the
// rows of the big matrix of a convolution are read where they lie, and it is never written out.
#pragma once

#include <algorithm>

#include "conv2d.h"
#include "pack.h"
#include "parallel.h"
#include "product.h"
#include "split.h"
#include "tile.h"

namespace retort {
namespace RETORT_ISA {

constexpr int64_t block_floats = 64 * 1024;  // of an image's block in L2, before and behind the product each

inline int64_t whole_vectors(int64_t n) { return ceil_div(n, lanes) * lanes; }

// Part of an image, [groups][rows][columns][channels], with zeros where it reaches beyond the image.
struct Patch {
  int64_t groups, channels, first_row, rows, first_column, columns;

  int64_t row() const { return columns * channels; }
  int64_t plane() const { return rows * row(); }
  int64_t floats() const {
    return groups * plane() + tile_columns;
  }  // reading whole vectors ends beyond the last pixel

  void fill(const float* image, int64_t height, int64_t width, float* to) const {
    const int64_t left = std::max<int64_t>(-first_column, 0);
    const int64_t from = std::max<int64_t>(first_column, 0), until = std::min(width, first_column + columns);
    const int64_t right = left + std::max<int64_t>(until - from, 0);
    for (int64_t g = 0; g < groups; ++g) {
      for (int64_t r = 0; r < rows; ++r, to += row()) {
        const int64_t h = first_row + r;
        if (h < 0 || h >= height || from >= until) {
          std::fill(to, to + row(), 0.0f);
          continue;
        }
        std::fill(to, to + left * channels, 0.0f);
        std::fill(to + right * channels, to + row(), 0.0f);
        const float* source = image + (g * channels * height + h) * width;
        // Rows without padding stand one behind the other, and are turned as one.
        const int64_t together = columns == width && first_column == 0 ? std::min(rows - r, height - h) : 1;
        transpose_copy(source + from, height * width, channels, (until - from) * together, to + left * channels,
                       channels);
        to += (together - 1) * row();
        r += together - 1;
      }
    }
    std::fill(to, to + tile_columns, 0.0f);
  }
};

// Rows of a block, so that blocks fit into L2 and there are enough of them for the threads.
inline int64_t block_rows(const Convolution& shape, int64_t rows, int64_t row_floats) {
  int64_t blocks = ceil_div(rows * row_floats, block_floats);
  const int64_t chunks = chunk_limit(shape.multiply_adds(), shape.threads);
  blocks = std::max(blocks, ceil_div(chunks, shape.batch));
  return ceil_div(rows, std::min(blocks, rows));
}

inline int32_t threads_for(const Convolution& shape) {
  return chunk_limit(shape.multiply_adds(), shape.threads) > 1 ? shape.threads : 1;
}

}  // namespace RETORT_ISA
}  // namespace retort
