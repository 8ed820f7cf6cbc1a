// How the gradient by the weights is cut: warps first to outputs, then to columns, what is left to the pixels; then the
// box of pixels that wastes least; then as many blocks as the machine and the scratch memory hold.
#include <algorithm>

#include "conv2d_weight.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

// Two blocks a processor, of 227 KiB less what they lose.
constexpr int64_t blocks_of_processor = 2, most_shared = 112 << 10;
// One block a processor.
constexpr int64_t all_shared = 226 << 10;

int64_t ceil_of(int64_t a, int64_t b) { return (a + b - 1) / b; }
// Next length that is 4 modulo 8: eight lines and four words stand in 32 banks.
int32_t line_of(int64_t n) { return static_cast<int32_t>(ceil_of(std::max<int64_t>(n - 4, 0), 8) * 8 + 4); }

void share_warps(const Correlation& c, WeightTiling& t) {
  const int64_t taps = int64_t{c.row.taps} * c.column.taps;
  t.tall = c.outputs > 16 ? 2 : 1;
  t.output_warps = c.outputs > 32 ? 2 : 1;
  t.block_outputs = t.output_warps * 16 * t.tall;
  t.output_blocks = static_cast<int32_t>(ceil_of(c.outputs, t.block_outputs));
  t.columns_of_channels = static_cast<int32_t>(taps * t.channel_block);
  t.units = static_cast<int32_t>(ceil_of(ceil_of(c.channels, t.channel_block) * t.columns_of_channels, 8));
  const int32_t warps = weight_threads / 32 / t.output_warps;
  t.unit_warps = 1;
  while (t.unit_warps < warps && t.unit_warps * most_warp_units < t.units) t.unit_warps *= 2;
  t.word_warps = warps / t.unit_warps;
  t.block_units = std::min(t.unit_warps * most_warp_units, t.units);
  const int32_t together = t.columns_of_channels / 8;
  if (t.columns_of_channels % 8 == 0 && t.block_units > together) t.block_units -= t.block_units % together;
  // Of taps few, channels many: a patch of so many.
  constexpr int32_t most_channels = 64;
  if (together >= 1) t.block_units = std::min(t.block_units, std::max(together * (most_channels / t.channel_block), 1));
  t.warp_units = static_cast<int32_t>(ceil_of(t.block_units, t.unit_warps));
  t.unit_blocks = static_cast<int32_t>(ceil_of(t.units, t.block_units));
  int32_t most = 0;
  for (int64_t block = 0; block < t.unit_blocks; ++block) {
    const int64_t first = block * t.block_units * 8;
    const int64_t last = std::min<int64_t>(first + t.block_units * 8, int64_t{t.units} * 8) - 1;
    const int64_t blocks = last / t.columns_of_channels - first / t.columns_of_channels + 1;
    most = std::max(most, static_cast<int32_t>(blocks) * t.channel_block);
  }
  t.patch_channels = most;
}

void set_box(const Correlation& c, int32_t word_floats, int64_t images, int64_t rows, int64_t columns,
             WeightTiling& t) {
  t.images = static_cast<int32_t>(images);
  t.rows = static_cast<int32_t>(rows);
  t.columns = static_cast<int32_t>(columns);
  t.row_words = static_cast<int32_t>(ceil_of(columns, word_floats));
  t.words = static_cast<int32_t>(ceil_of(images * rows * t.row_words, 8) * 8);
  t.patch_rows = static_cast<int32_t>((rows - 1) * c.row.step + c.row.taps);
  // The second pixel of the last word may be one that is not there.
  t.patch_columns = static_cast<int32_t>((int64_t{t.row_words} * word_floats - 1) * c.column.step + c.column.taps);
  t.elements = t.images * t.patch_rows * t.patch_columns;
  t.x_line = line_of(t.elements);
  t.tiles_down = static_cast<int32_t>(ceil_of(c.row.count, rows));
  t.tiles_across = static_cast<int32_t>(ceil_of(c.column.count, columns));
  t.tiles = static_cast<int32_t>(ceil_of(c.batch, images) * t.tiles_down * t.tiles_across);
}

bool choose_box(const Correlation& c, int32_t word_floats, int64_t shared, WeightTiling& t) {
  double best = 0;
  WeightTiling found = t;
  for (int64_t across = 1; across <= c.column.count; ++across) {
    const int64_t columns = ceil_of(c.column.count, across);
    if (columns > tile_pixels) continue;
    for (int64_t rows = std::min<int64_t>(c.row.count, tile_pixels / columns); rows >= 1; --rows) {
      int64_t images = 1;
      if (rows == c.row.count && across == 1) {
        const int64_t image = std::max(c.in_image, c.out_image);
        images = std::max<int64_t>(std::min<int64_t>({c.batch, tile_pixels / (rows * columns), INT32_MAX / image}), 1);
      }
      // Past int32 a patch fits nowhere.
      const double elements = ((static_cast<double>(rows) - 1) * c.row.step + c.row.taps) *
                              ((static_cast<double>(columns) + 1) * c.column.step + c.column.taps);
      if (elements * 4 > static_cast<double>(all_shared)) continue;
      // A place of the patch has 12 bits for its row and as many for its column.
      if ((rows - 1) * c.row.step + c.row.taps > 4095 || (columns + 1) * c.column.step + c.column.taps > 4095) continue;
      for (; images >= 1; --images) {
        set_box(c, word_floats, images, rows, columns, t);
        if (t.words * word_floats <= tile_pixels && weight_shared_bytes(t) <= shared) break;
      }
      if (images < 1) continue;
      // A channel's word of the patch costs about as much as four products of the tile.
      const double cost = t.tiles * (static_cast<double>(t.words) * t.block_units +
                                     static_cast<double>(t.elements) * t.patch_channels / 32 + 32.0 * t.block_units);
      if (best != 0 && cost >= best) continue;
      best = cost;
      found = t;
    }
  }
  t = found;
  return best != 0;
}

}  // namespace

int64_t weight_shared_bytes(const WeightTiling& t) {
  const int64_t copied = int64_t{t.patch_channels} * t.x_line + int64_t{t.block_outputs} * copied_line;
  const int64_t tables = 2 * (int64_t{t.elements} + copied_line) + t.elements + t.words;
  // Twice: the words, or the next tile.
  return 4 * (2 * copied + tables + copied_line);
}

bool choose_weight_tiling(const Correlation& c, int32_t word_floats, const ConvolutionResources& resources,
                          WeightTiling& t) {
  t = {};
  t.channel_block = std::min(8, c.channels);
  for (;;) {
    share_warps(c, t);
    if (choose_box(c, word_floats, most_shared, t) || choose_box(c, word_floats, all_shared, t)) break;
    if (t.channel_block == 1) return false;
    t.channel_block = t.channel_block > 4 ? 4 : t.channel_block / 2;
  }
  const int64_t all = int64_t{c.groups} * c.outputs * c.channels * c.row.taps * c.column.taps;
  const int64_t room = resources.scratch_bytes / 4 / all;
  if (room < t.word_warps) t.word_warps = 1;
  const int64_t units = int64_t{c.groups} * t.output_blocks * t.unit_blocks;
  const int64_t held = ceil_of(int64_t{resources.processors} * blocks_of_processor, units);
  t.slots = static_cast<int32_t>(std::max<int64_t>(std::min({held, int64_t{t.tiles}, room / t.word_warps}), 1));
  return true;
}

}  // namespace RETORT_ISA
}  // namespace retort
