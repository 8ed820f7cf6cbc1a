// The gradient of a convolution by its weights: what conv2d_backward.cu calls, and how the work is cut.
#pragma once

#include "conv2d.cuh"

namespace retort {
namespace RETORT_ISA {

void weight_gradient(const ConvolutionShape& shape, const float* x, const float* dy, float* dw,
                     const ConvolutionResources& resources);

// dw = Σ of `parts` parts of `total` elements, in their order.
void sum_parts(const float* partial, int32_t parts, int64_t total, float* dw, cudaStream_t stream);
// A warp an element: for kernels whose patch fits nowhere.
void weight_gradient_by_element(const Correlation& c, const float* dy, float* dw, cudaStream_t stream);

constexpr int32_t weight_threads = 256, most_warp_units = 9;
// Of a tile at most; and the length of an output's line of them as copied. Lines that are 4 modulo 8 keep eight of them
// and four words in different banks; known to the compiler, they cost no registers.
constexpr int32_t tile_pixels = 96, copied_line = tile_pixels + 4;

// Columns of the product are channels and taps: of `channel_block` channels all taps, each with its channels next to
// each other; then of the next channels. Eight columns are a unit, 16 · tall outputs and up to nine units a warp's
// sums.
struct WeightTiling {
  int32_t images, rows, columns;      // of dy in a tile
  int32_t row_words, words;           // along k: of a row of the tile; of a tile, a multiple of 8
  int32_t patch_rows, patch_columns;  // of x that one image's pixels see
  int32_t elements, x_line;           // of a channel's patch; with what keeps lines in different banks
  int32_t tiles_down, tiles_across, tiles;
  int32_t channel_block, patch_channels;  // of a block at most
  int32_t columns_of_channels;            // channel_block · taps
  int32_t units, block_units, warp_units, unit_blocks;
  int32_t tall, block_outputs, output_blocks;
  int32_t output_warps, unit_warps, word_warps;  // of a block
  int32_t slots;                                 // blocks that share the tiles

  int32_t warps() const { return output_warps * unit_warps * word_warps; }
};

// False where no tile's patch fits into shared memory.
bool choose_weight_tiling(const Correlation& c, int32_t word_floats, const ConvolutionResources& resources,
                          WeightTiling& tiling);
int64_t weight_shared_bytes(const WeightTiling& tiling);

}  // namespace RETORT_ISA
}  // namespace retort
