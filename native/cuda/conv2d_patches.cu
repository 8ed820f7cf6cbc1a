// Convolution as an implicit product: rows are pixels, columns outputs, depth channels and taps. A block has a box of
// pixels at a time. It copies the patch of in that the box sees, some channels a stage, from where every tap reads its
// operand at another offset: in goes to shared memory about once and not once a tap. Weights are put into the order of
// shared memory by a launch of their own and, where they fit, stay there for all of a block's boxes. The next stage is
// under way while one is multiplied. Where products are rounded, each thread rounds what it copied on its way from the
// raw buffer to the patch. Bound by shared memory's bandwidth where there are many outputs, by memory where few.
#include <algorithm>

#include "conv2d_patch.cuh"
#include "device/activate.cuh"
#include "device/integer.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

template <typename Tile>
__device__ __forceinline__ void write_tile(const Correlation& c, const PatchTiling& t, int32_t tile_index,
                                           int32_t group, int32_t first_output, const int32_t* pixels,
                                           const Tile& tile) {
  int32_t image, row, column;
  start_of(t, tile_index, image, row, column);
  float* const out = c.out + (int64_t{group} * c.outputs + first_output) * c.out_plane;
  const float* const bias = c.bias ? c.bias + group * c.outputs + first_output : nullptr;
#pragma unroll
  for (int32_t i = 0; i < Tile::pixels_of_thread; ++i) {
    const int32_t packed = pixels[tile.pixel(i)];
    if (packed < 0) continue;
    const PatchPlace at(packed);
    const int32_t n = image + at.image, r = row + at.row, v = column + at.column;
    if (n >= c.batch || r >= c.row.count || v >= c.column.count) continue;
    float* const to = out + n * c.out_image + int64_t{r * c.row.out_step + c.row.out_first} * c.out_width +
                      v * c.column.out_step + c.column.out_first;
#pragma unroll
    for (int32_t j = 0; j < Tile::outputs_of_thread; ++j) {
      const int32_t o = tile.output(j);
      if (first_output + o >= c.outputs) continue;
      to[o * c.out_plane] = activate(tile.sum(i, j) + (bias ? bias[o] : 0.0f), c.activation);
    }
  }
}

template <typename Word, int32_t outputs>
__global__ void __launch_bounds__(patch_threads, resident_blocks(outputs))
    patches_kernel(Correlation c, PatchTiling t, const uint32_t* packed) {
  RETORT_SHARED(uint32_t, memory);
  uint32_t* const weights = memory;
  uint32_t* const patches = weights + (t.resident ? t.stages : 2) * t.stage_words;
  const int32_t patch_words = stage_lines * t.stride;
  uint32_t* const raw = patches + 2 * patch_words;
  int32_t* const places = reinterpret_cast<int32_t*>(raw + (Word::rounds ? Word::floats * patch_words : 0));
  int32_t* table = places + t.elements;
  int32_t* next_table = table + t.elements;
  int32_t* const pixels = next_table + t.elements;

  const int32_t thread = static_cast<int32_t>(threadIdx.x), block = static_cast<int32_t>(blockIdx.x);
  const int32_t unit = block / t.blocks, group = unit / t.output_blocks;
  const int32_t first_output = unit % t.output_blocks * outputs;
  const float* const in = c.in + group * c.channels * c.in_plane;
  packed += int64_t{unit} * t.stages * t.stage_words;

  const int32_t patch = t.patch_rows * t.patch_columns, box = t.rows * t.columns;
  for (int32_t e = thread; e < t.elements; e += patch_threads) {
    places[e] = packed_place(e / patch, e % patch / t.patch_columns, e % t.patch_columns);
  }
  for (int32_t m = thread; m < block_pixels; m += patch_threads) {
    pixels[m] = m < t.images * box ? packed_place(m / box, m % box / t.columns, m % t.columns) : -1;
  }
  // The tables are read by other threads.
  __syncthreads();

  PatchTile<Word, outputs> tile;
  int32_t offsets[PatchTile<Word, outputs>::pixels_of_thread];
#pragma unroll
  for (int32_t i = 0; i < PatchTile<Word, outputs>::pixels_of_thread; ++i) {
    const int32_t at = pixels[tile.pixel(i)];
    const PatchPlace place(at);
    offsets[i] = at < 0 ? 0
                        : (place.image * t.patch_rows + place.row * t.row.pixel_step) * t.patch_columns +
                              place.column * t.column.pixel_step;
  }

  PatchStep step{block % t.blocks, 0, 0, 0};
  locate_patch(c, t, step, places, table);
  // As before.
  __syncthreads();
  copy_patch<Word>(c, t, step, in, table, Word::rounds ? raw : patches);
  copy_weights(packed, weights, t.stage_words * (t.resident ? t.stages : 1));
  commit_copies();
  for (int32_t side = 0; step.tile < t.tiles; side ^= 1) {
    const PatchStep next = step.next(t);
    const bool more = next.tile < t.tiles;
    wait_for_copies<0>();
    uint32_t* const now = patches + side * patch_words;
    if (Word::rounds) round_patch<Word>(t, raw, now);
    if (more && !next.same_patch(step)) {
      int32_t* const free = next_table;
      next_table = table;
      table = free;
      locate_patch(c, t, next, places, table);
    }
    // The stage is there for every warp, and so is the table; the other side's buffers are read no more.
    __syncthreads();
    if (more) {
      copy_patch<Word>(c, t, next, in, table, Word::rounds ? raw : patches + (side ^ 1) * patch_words);
      if (!t.resident) {
        copy_weights(packed + next.stage(t) * int64_t{t.stage_words}, weights + (side ^ 1) * t.stage_words,
                     t.stage_words);
      }
      commit_copies();
    }
    const int32_t from = t.resident ? step.stage(t) : side;
    tile.add({now, weights + from * t.stage_words, t.stride, t.row.taps, t.column.taps, t.patch_columns,
              lesser(stage_lines, c.channels - step.chunk * stage_lines)},
             offsets);
    if (step.last(t)) {
      write_tile(c, t, step.tile, group, first_output, pixels, tile);
      tile.clear();
    }
    step = next;
  }
}

// A thread a word: [unit][stage][tap][line][outputs + 8].
template <typename Word>
__global__ void __launch_bounds__(256)
    pack_weights_kernel(Correlation c, PatchTiling t, int32_t outputs, uint32_t* packed, int32_t words) {
  const int32_t i = static_cast<int32_t>(blockIdx.x * 256 + threadIdx.x);
  if (i >= words) return;
  const int32_t line = outputs + 8, taps = t.row.taps * t.column.taps;
  const int32_t output = i % line, k = i / line % stage_lines, tap = i / line / stage_lines % taps;
  const int32_t stage = i / t.stage_words % t.stages, unit = i / t.stage_words / t.stages;
  const int32_t part = stage / t.chunks, channel = (stage % t.chunks * stage_lines + k) * Word::floats;
  const int32_t o = unit % t.output_blocks * outputs + output;
  const int32_t u = part / t.column.count + tap / t.column.taps, v = part % t.column.count + tap % t.column.taps;
  const float* const from = c.w + unit / t.output_blocks * c.w_group + o * c.w_output +
                            (u * c.row.w_step + c.row.w_first) * c.kernel_w + v * c.column.w_step + c.column.w_first;
  const bool there = output < outputs && o < c.outputs;
  const float low = there && channel < c.channels ? from[channel * c.w_channel] : 0.0f;
  const float high = Word::floats == 2 && there && channel + 1 < c.channels ? from[(channel + 1) * c.w_channel] : 0.0f;
  packed[i] = Word::of(low, high);
}

int64_t packed_words(const PatchTiling& t, int64_t groups) {
  return groups * t.output_blocks * t.stages * t.stage_words;
}

template <typename Word, int32_t outputs>
void run(const Correlation& c, const ConvolutionResources& r) {
  const PatchTiling t = patch_tiling(c, Word::floats, outputs, Word::rounds, r.processors);
  const int64_t words = packed_words(t, c.groups), room = std::min<int64_t>(r.scratch_bytes / 4, INT32_MAX);
  if (words > room && c.groups > 1) {
    const auto most = static_cast<int32_t>(std::max<int64_t>(room / packed_words(t, 1), 1));
    for (int32_t first = 0; first < c.groups; first += most) {
      run<Word, outputs>(correlation_part(c, first, std::min(most, c.groups - first), 0, c.outputs), r);
    }
    return;
  }
  if (words > room && t.output_blocks > 1) {
    const auto most = static_cast<int32_t>(std::max<int64_t>(room / (words / t.output_blocks), 1)) * outputs;
    for (int32_t first = 0; first < c.outputs; first += most) {
      run<Word, outputs>(correlation_part(c, 0, 1, first, std::min(most, c.outputs - first)), r);
    }
    return;
  }
  if (words > room) {
    refuse(r.op, "the backend's scratch memory must hold the call", words * 4, " bytes of ", r.scratch_bytes);
  }
  uint32_t* const packed = static_cast<uint32_t*>(r.scratch);
  launch(pack_weights_kernel<Word>, static_cast<uint32_t>((words + 255) / 256), 256, 0, r.stream, c, t, outputs, packed,
         static_cast<int32_t>(words));
  launch(patches_kernel<Word, outputs>, static_cast<uint32_t>(c.groups * t.output_blocks * t.blocks), patch_threads,
         static_cast<size_t>(patch_shared_bytes(t, Word::floats, Word::rounds)), r.stream, c, t, packed);
}

// Fewer outputs a block where the machine would stand idle otherwise.
template <typename Word>
void choose(const Correlation& c, const ConvolutionResources& r) {
  int32_t outputs = c.outputs > 32 ? 64 : c.outputs > 16 ? 32 : 16;
  const int64_t tiles = int64_t{c.batch} * c.row.count * c.column.count / block_pixels * c.groups;
  while (outputs > 16 && tiles * ((c.outputs + outputs - 1) / outputs) < 2 * r.processors) outputs /= 2;
  if (outputs == 64) return run<Word, 64>(c, r);
  if (outputs == 32) return run<Word, 32>(c, r);
  run<Word, 16>(c, r);
}

}  // namespace

void correlate_patches(const Correlation& c, const ConvolutionResources& r) {
  if (r.precision == Precision::float32) return choose<Float32Word>(c, r);
  if (r.precision == Precision::tf32) return choose<Tf32Word>(c, r);
  choose<Bfloat16Word>(c, r);
}

}  // namespace RETORT_ISA
}  // namespace retort
