// Of the boxes of pixels that a block can have, the one that wastes least: pixels outside the plane, and what a patch
// reads twice.
#include "conv2d_tiling.cuh"

#include <algorithm>

#include "conv2d_tiles.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

// Shared memory of a processor, of which each block loses 1 KiB; half of it, so that one block computes while another
// waits; what patches may take of that.
constexpr int64_t processor_shared = 227 << 10, block_lost = 1 << 10, most_shared = 112 << 10, most_patches = 72 << 10;
// Taps whose weights fit into shared memory beside the patches, and the step up to which neighbouring pixels share much
// of a patch.
constexpr int32_t most_taps = 12, most_step = 2;

int64_t ceil_of(int64_t a, int64_t b) { return (a + b - 1) / b; }

TapPart whole(const PlaneAxis& axis) { return {axis.taps, 1, 1, axis.step}; }
TapPart single(const PlaneAxis& axis) { return {1, axis.taps, axis.step, 1}; }

int32_t extent(const TapPart& part, int64_t pixels) {
  return static_cast<int32_t>((pixels - 1) * part.pixel_step + part.taps);
}

// A line's length with what keeps lines in different banks.
int32_t stride_of(int64_t elements) {
  return static_cast<int32_t>(ceil_of(std::max<int64_t>(elements - 8, 0), 32) * 32 + 8);
}

int64_t patch_bytes(int64_t stride, int32_t word_floats, bool rounds) {
  return stride * stage_lines * 4 * (2 + (rounds ? word_floats : 0));
}

void choose_box(const Correlation& c, int32_t word_floats, bool rounds, PatchTiling& t) {
  double best = 0;
  for (int64_t across = 1; across <= c.column.count; ++across) {
    const int64_t columns = ceil_of(c.column.count, across);
    if (columns > block_pixels) continue;
    for (int64_t rows = std::min<int64_t>(c.row.count, block_pixels / columns); rows >= 1; --rows) {
      const bool image = rows == c.row.count && across == 1;
      int64_t images =
          image ? std::min<int64_t>({c.batch, block_pixels / (rows * columns), INT32_MAX / c.in_image}) : 1;
      images = std::max<int64_t>(images, 1);
      const int64_t patch = int64_t{extent(t.row, rows)} * extent(t.column, columns);
      const auto bytes = [&] { return patch_bytes(stride_of(images * patch), word_floats, rounds); };
      while (images > 1 && bytes() > most_patches) --images;
      const bool one = rows * columns == 1;
      if (bytes() > most_patches && !one) continue;
      const double tiles = static_cast<double>(ceil_of(c.batch, images) * ceil_of(c.row.count, rows) * across);
      // A word of the patch costs about an eighth of a pixel's products.
      const double cost = tiles * (block_pixels + static_cast<double>(images * patch) / 8);
      if (best != 0 && cost >= best) continue;
      best = cost;
      t.images = static_cast<int32_t>(images);
      t.rows = static_cast<int32_t>(rows);
      t.columns = static_cast<int32_t>(columns);
    }
  }
}

}  // namespace

int64_t patch_shared_bytes(const PatchTiling& t, int32_t word_floats, bool rounds) {
  return int64_t{t.resident ? t.stages : 2} * t.stage_words * 4 + patch_bytes(t.stride, word_floats, rounds) +
         (3 * int64_t{t.elements} + block_pixels) * 4;
}

PatchTiling patch_tiling(const Correlation& c, int32_t word_floats, int32_t block_outputs, bool rounds,
                         int32_t processors) {
  PatchTiling t{};
  const bool near = c.row.step <= most_step && c.column.step <= most_step;
  if (near && int64_t{c.row.taps} * c.column.taps <= most_taps) {
    t.row = whole(c.row), t.column = whole(c.column);
  } else if (near && c.column.taps <= most_taps) {
    t.row = single(c.row), t.column = whole(c.column);
  } else {
    t.row = single(c.row), t.column = single(c.column);
  }
  choose_box(c, word_floats, rounds, t);
  t.patch_rows = extent(t.row, t.rows);
  t.patch_columns = extent(t.column, t.columns);
  t.elements = t.images * t.patch_rows * t.patch_columns;
  t.stride = stride_of(t.elements);
  t.tiles_down = static_cast<int32_t>(ceil_of(c.row.count, t.rows));
  t.tiles_across = static_cast<int32_t>(ceil_of(c.column.count, t.columns));
  const int64_t tiles = ceil_of(c.batch, t.images) * t.tiles_down * t.tiles_across;
  t.tiles = static_cast<int32_t>(std::min<int64_t>(tiles, INT32_MAX));
  t.chunks = static_cast<int32_t>(ceil_of(c.channels, stage_lines * word_floats));
  t.stages = t.chunks * t.row.count * t.column.count;
  t.stage_words = t.row.taps * t.column.taps * stage_lines * (block_outputs + 8);
  t.output_blocks = static_cast<int32_t>(ceil_of(c.outputs, block_outputs));
  t.resident = true;
  for (;;) {
    const int64_t bytes = patch_shared_bytes(t, word_floats, rounds);
    const int64_t held =
        std::min<int64_t>(processor_shared / (bytes + block_lost), resident_blocks(block_outputs)) * processors;
    t.blocks = static_cast<int32_t>(
        std::min<int64_t>(t.tiles, std::max<int64_t>(ceil_of(held, int64_t{c.groups} * t.output_blocks), 1)));
    // Weights that serve one tile alone need not wait for each other.
    if (!t.resident || t.stages <= 2 || (bytes <= most_shared && t.blocks < t.tiles)) return t;
    t.resident = false;
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
