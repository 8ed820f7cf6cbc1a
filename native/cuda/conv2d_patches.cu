// Convolution as an implicit product: rows are pixels, columns outputs, depth channels and taps. A block has a box of
// pixels at a time. It copies the patch of in that the box sees, some channels a stage, from where every tap reads its
// operand at another offset: in goes to shared memory about once and not once a tap. Weights are put into the order of
// shared memory by a launch of their own and, where they fit, stay there for all of a block's boxes. The next stage is
// under way while one is multiplied. Where products are rounded, each thread rounds what it copied on its way from the
// raw buffer to the patch. Bound by shared memory's bandwidth where there are many outputs, by memory where few.
#include <algorithm>

#include "conv2d_tiles.cuh"
#include "conv2d_tiling.cuh"
#include "device/activate.cuh"
#include "device/copy.cuh"
#include "device/integer.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t warps = patch_threads / warp_size;

// Image, row and column in one word: of a patch's places, of which a line has below 4096, or of a box's pixels.
__device__ __forceinline__ int32_t packed_place(int32_t image, int32_t row, int32_t column) {
  return image << 24 | row << 12 | column;
}
struct Place {
  int32_t image, row, column;
  __device__ __forceinline__ explicit Place(int32_t packed)
      : image(packed >> 24), row(packed >> 12 & 4095), column(packed & 4095) {}
};

// What a block does next: the part of the taps and the channels of a tile.
struct Step {
  int32_t tile, row_part, column_part, chunk;

  __device__ __forceinline__ bool same_patch(const Step& other) const {
    return tile == other.tile && row_part == other.row_part && column_part == other.column_part;
  }
  __device__ __forceinline__ bool last(const Tiling& t) const {
    return chunk + 1 == t.chunks && column_part + 1 == t.column.count && row_part + 1 == t.row.count;
  }
  __device__ __forceinline__ int32_t stage(const Tiling& t) const {
    return (row_part * t.column.count + column_part) * t.chunks + chunk;
  }
  __device__ __forceinline__ Step next(const Tiling& t) const {
    if (chunk + 1 < t.chunks) return {tile, row_part, column_part, chunk + 1};
    if (column_part + 1 < t.column.count) return {tile, row_part, column_part + 1, 0};
    if (row_part + 1 < t.row.count) return {tile, row_part + 1, 0, 0};
    return {tile + t.blocks, 0, 0, 0};
  }
};

// The first image, row and column of a tile.
__device__ __forceinline__ void start_of(const Tiling& t, int32_t tile, int32_t& image, int32_t& row, int32_t& column) {
  column = tile % t.tiles_across * t.columns;
  row = tile / t.tiles_across % t.tiles_down * t.rows;
  image = tile / t.tiles_across / t.tiles_down * t.images;
}

// Where each place of a patch stands in in, from the tile's first image on; -1 for padding and beyond.
__device__ __forceinline__ void locate(const Correlation& c, const Tiling& t, const Step& step, const int32_t* places,
                                       int32_t* table) {
  int32_t image, row, column;
  start_of(t, step.tile, image, row, column);
  row = row * c.row.step + c.row.first + step.row_part;
  column = column * c.column.step + c.column.first + step.column_part;
  for (int32_t e = static_cast<int32_t>(threadIdx.x); e < t.elements; e += patch_threads) {
    const Place at(places[e]);
    const int32_t r = row + at.row * t.row.in_step, v = column + at.column * t.column.in_step;
    const bool inside = image + at.image < c.batch && r >= 0 && r < c.row.size && v >= 0 && v < c.column.size;
    table[e] = inside ? static_cast<int32_t>(at.image * c.in_image) + r * c.column.size + v : -1;
  }
}

// A warp has the lines `warp` and `warp` + 4, and of each word its channels.
template <typename Word, typename Body>
__device__ __forceinline__ void for_channels(const Body& body) {
  const int32_t warp = static_cast<int32_t>(threadIdx.x) / warp_size;
#pragma unroll
  for (int32_t line = 0; line < stage_lines; line += warps) {
#pragma unroll
    for (int32_t i = 0; i < Word::floats; ++i) body((line + warp) * Word::floats + i);
  }
}

// raw: a line a channel.
template <typename Word>
__device__ __forceinline__ void copy_patch(const Correlation& c, const Tiling& t, const Step& step, const float* in,
                                           const int32_t* table, uint32_t* raw) {
  const int32_t image = step.tile / t.tiles_across / t.tiles_down * t.images;
  const int32_t first = step.chunk * stage_lines * Word::floats;
  const float* const from = in + image * c.in_image + first * c.in_plane;
  for (int32_t e = static_cast<int32_t>(threadIdx.x) % warp_size; e < t.elements; e += warp_size) {
    const int32_t at = table[e];
    for_channels<Word>([&](int32_t channel) {
      const bool valid = at >= 0 && first + channel < c.channels;
      copy_async_4(raw + channel * t.stride + e, valid ? from + channel * c.in_plane + at : in, valid);
    });
  }
}

// Each thread rounds the words whose channels it copied.
template <typename Word>
__device__ __forceinline__ void round_patch(const Tiling& t, const uint32_t* raw, uint32_t* patch) {
  const int32_t warp = static_cast<int32_t>(threadIdx.x) / warp_size;
  for (int32_t e = static_cast<int32_t>(threadIdx.x) % warp_size; e < t.elements; e += warp_size) {
#pragma unroll
    for (int32_t line = 0; line < stage_lines; line += warps) {
      const uint32_t* const from = raw + (line + warp) * Word::floats * t.stride + e;
      const float low = __uint_as_float(from[0]);
      const float high = Word::floats == 2 ? __uint_as_float(from[t.stride]) : 0.0f;
      patch[(line + warp) * t.stride + e] = Word::of(low, high);
    }
  }
}

__device__ __forceinline__ void copy_weights(const uint32_t* from, uint32_t* to, int32_t words) {
  for (int32_t i = 4 * static_cast<int32_t>(threadIdx.x); i < words; i += 4 * patch_threads) {
    copy_async_16(to + i, from + i);
  }
}

template <typename Tile>
__device__ __forceinline__ void write_tile(const Correlation& c, const Tiling& t, int32_t tile_index, int32_t group,
                                           int32_t first_output, const int32_t* pixels, const Tile& tile) {
  int32_t image, row, column;
  start_of(t, tile_index, image, row, column);
  float* const out = c.out + (int64_t{group} * c.outputs + first_output) * c.out_plane;
  const float* const bias = c.bias ? c.bias + group * c.outputs + first_output : nullptr;
#pragma unroll
  for (int32_t i = 0; i < Tile::pixels_of_thread; ++i) {
    const int32_t packed = pixels[tile.pixel(i)];
    if (packed < 0) continue;
    const Place at(packed);
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
    patches_kernel(Correlation c, Tiling t, const uint32_t* packed) {
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

  Tile<Word, outputs> tile;
  int32_t offsets[Tile<Word, outputs>::pixels_of_thread];
#pragma unroll
  for (int32_t i = 0; i < Tile<Word, outputs>::pixels_of_thread; ++i) {
    const int32_t at = pixels[tile.pixel(i)];
    const Place place(at);
    offsets[i] = at < 0 ? 0
                        : (place.image * t.patch_rows + place.row * t.row.pixel_step) * t.patch_columns +
                              place.column * t.column.pixel_step;
  }

  Step step{block % t.blocks, 0, 0, 0};
  locate(c, t, step, places, table);
  // As before.
  __syncthreads();
  copy_patch<Word>(c, t, step, in, table, Word::rounds ? raw : patches);
  copy_weights(packed, weights, t.stage_words * (t.resident ? t.stages : 1));
  commit_copies();
  for (int32_t side = 0; step.tile < t.tiles; side ^= 1) {
    const Step next = step.next(t);
    const bool more = next.tile < t.tiles;
    wait_for_copies<0>();
    uint32_t* const now = patches + side * patch_words;
    if (Word::rounds) round_patch<Word>(t, raw, now);
    if (more && !next.same_patch(step)) {
      int32_t* const free = next_table;
      next_table = table;
      table = free;
      locate(c, t, next, places, table);
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
    pack_weights_kernel(Correlation c, Tiling t, int32_t outputs, uint32_t* packed, int32_t words) {
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

int64_t packed_words(const Tiling& t, int64_t groups) { return groups * t.output_blocks * t.stages * t.stage_words; }

template <typename Word, int32_t outputs>
void run(const Correlation& c, const Resources& r) {
  const Tiling t = tiling_of(c, Word::floats, outputs, Word::rounds, r.processors);
  const int64_t words = packed_words(t, c.groups), room = std::min<int64_t>(r.scratch_bytes / 4, INT32_MAX);
  if (words > room && c.groups > 1) {
    const auto most = static_cast<int32_t>(std::max<int64_t>(room / packed_words(t, 1), 1));
    for (int32_t first = 0; first < c.groups; first += most) {
      run<Word, outputs>(part_of(c, first, std::min(most, c.groups - first), 0, c.outputs), r);
    }
    return;
  }
  if (words > room && t.output_blocks > 1) {
    const auto most = static_cast<int32_t>(std::max<int64_t>(room / (words / t.output_blocks), 1)) * outputs;
    for (int32_t first = 0; first < c.outputs; first += most) {
      run<Word, outputs>(part_of(c, 0, 1, first, std::min(most, c.outputs - first)), r);
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
         static_cast<size_t>(shared_bytes(t, Word::floats, Word::rounds)), r.stream, c, t, packed);
}

// Fewer outputs a block where the machine would stand idle otherwise.
template <typename Word>
void choose(const Correlation& c, const Resources& r) {
  int32_t outputs = c.outputs > 32 ? 64 : c.outputs > 16 ? 32 : 16;
  const int64_t tiles = int64_t{c.batch} * c.row.count * c.column.count / block_pixels * c.groups;
  while (outputs > 16 && tiles * ((c.outputs + outputs - 1) / outputs) < 2 * r.processors) outputs /= 2;
  if (outputs == 64) return run<Word, 64>(c, r);
  if (outputs == 32) return run<Word, 32>(c, r);
  run<Word, 16>(c, r);
}

}  // namespace

void correlate_patches(const Correlation& c, const Resources& r) {
  if (r.precision == Precision::float32) return choose<Float32Word>(c, r);
  if (r.precision == Precision::tf32) return choose<Tf32Word>(c, r);
  choose<Bfloat16Word>(c, r);
}

}  // namespace RETORT_ISA
}  // namespace retort
