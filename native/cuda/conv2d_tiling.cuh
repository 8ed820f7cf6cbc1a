// How conv2d_patches.cu cuts a correlation into tiles and stages; chosen on the host.
#pragma once

#include "conv2d.cuh"

namespace retort {
namespace RETORT_ISA {

// Taps of one stage along a dimension. Where a stage has all taps of an axis, the patch holds what lies between the
// pixels too; where it has one, the patch has the pixels' places alone.
struct TapPart {
  int32_t taps;        // of a stage
  int32_t count;       // stages
  int32_t in_step;     // places of in from one place of the patch to the next
  int32_t pixel_step;  // places of the patch from one pixel to the next
};

struct PatchTiling {
  TapPart row, column;
  int32_t images, rows, columns;      // of out in a tile, a box of up to block_pixels
  int32_t patch_rows, patch_columns;  // of one image
  int32_t elements, stride;           // of a line of the patch: all images, and with what pads it
  int32_t tiles_down, tiles_across;
  int32_t tiles;           // of all images
  int32_t chunks, stages;  // stages: parts · chunks of the channels
  int32_t stage_words;     // of weights
  int32_t output_blocks;   // of a group
  int32_t blocks;          // that share the tiles of a group's output block
  bool resident;           // whether all stages' weights stay in shared memory
};

// Sums over the taps and channels of one stage after the other; the cut depends on nothing else than these and steps.
PatchTiling patch_tiling(const Correlation& correlation, int32_t word_floats, int32_t block_outputs, bool rounds,
                         int32_t processors);
// Bytes of a block.
int64_t patch_shared_bytes(const PatchTiling& tiling, int32_t word_floats, bool rounds);

}  // namespace RETORT_ISA
}  // namespace retort
