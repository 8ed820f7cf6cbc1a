// The gradient of a convolution by its weights: what conv2d_backward.cu calls, and how the work is cut.
#pragma once

#include "conv2d.cuh"

namespace retort {
namespace RETORT_ISA {

void weight_gradient(const ConvolutionShape& shape, const float* x, const float* dy, float* dw,
                     const Resources& resources);

constexpr int32_t weight_threads = 256, most_warp_units = 9;

// Columns of the product are channels and taps: of `channel_block` channels all taps, each with its channels next to
// each other; then of the next channels. Eight columns are a unit, 16 · tall outputs and up to nine units a warp's
// sums.
struct WeightTiling {
  int32_t images, rows, columns;      // of dy in a tile
  int32_t row_words, words;           // along k: of a row of the tile; of a tile, a multiple of 8
  int32_t patch_rows, patch_columns;  // of x that one image's pixels see
  int32_t elements, x_line;           // of a channel's patch; with what keeps lines in different banks
  int32_t dy_line, word_line;         // of an output's dy: floats as copied, words
  int32_t tiles_down, tiles_across, tiles;
  int32_t channel_block, patch_channels;  // of a block at most
  int32_t columns_of_channels;            // channel_block · taps
  int32_t units, block_units, warp_units, unit_blocks;
  int32_t tall, output_blocks;
  int32_t output_warps, unit_warps, word_warps;  // of a block
  int32_t slots;                                 // blocks that share the tiles

  int32_t warps() const { return output_warps * unit_warps * word_warps; }
  int32_t block_outputs() const { return output_warps * 16 * tall; }
};

// False where no tile's patch fits into shared memory.
bool choose_weight_tiling(const Correlation& c, int32_t word_floats, const Resources& resources, WeightTiling& tiling);
int64_t weight_shared_bytes(const WeightTiling& tiling);

}  // namespace RETORT_ISA
}  // namespace retort
