// Gradient of a convolution by its weights: a product whose rows are outputs, whose columns are channels and taps, and
// whose depth are pixels. A block keeps all its sums in registers while it goes through every slots-th tile: dy of a
// box of pixels, and the patch of x that they see, from where each tap reads its operand at another offset. Warps of a
// block share outputs, columns and pixels; what they and the blocks have summed is added by a second launch in a fixed
// order. The next tile is under way while one is multiplied. Bound by shared memory's bandwidth, or by memory where
// outputs and channels are few.
#include "conv2d_weight_sums.cuh"
#include "device/copy.cuh"
#include "device/integer.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

// What a block works on, and who its threads are.
struct Block {
  int32_t slot, group, first_output, first_unit, first_channel, channels;

  __device__ __forceinline__ Block(const Correlation& c, const WeightTiling& t) {
    const int32_t block = static_cast<int32_t>(blockIdx.x), rest = block / t.slots, unit_block = rest % t.unit_blocks;
    slot = block % t.slots;
    group = rest / t.unit_blocks / t.output_blocks;
    first_output = rest / t.unit_blocks % t.output_blocks * t.block_outputs;
    first_unit = unit_block * t.block_units;
    first_channel = first_unit * 8 / t.columns_of_channels * t.channel_block;
    channels = lesser(t.patch_channels, c.channels - first_channel);
  }

  // Not kept: registers are scarce.
  __device__ __forceinline__ int32_t lane() const { return static_cast<int32_t>(threadIdx.x) % warp_size; }
  __device__ __forceinline__ int32_t warp() const { return static_cast<int32_t>(threadIdx.x) / warp_size; }
};

// Of a column of the product.
struct Column {
  int32_t channel, tap_row, tap_column;
  __device__ __forceinline__ Column(const Correlation& c, const WeightTiling& t, int32_t n) {
    const int32_t within = n % t.columns_of_channels, tap = within / t.channel_block;
    channel = n / t.columns_of_channels * t.channel_block + within % t.channel_block;
    tap_row = tap / c.column.taps;
    tap_column = tap % c.column.taps;
  }
};

// A table of a tile: where its places stand, from its first image on; -1 outside.
__device__ __forceinline__ void locate(const int32_t* places, int32_t count, int32_t images, int32_t row,
                                       int32_t column, int32_t rows, int32_t columns, int64_t image_size,
                                       int32_t* table) {
  // Here and below unrolling would cost the sums their registers.
#pragma unroll 1
  for (int32_t i = static_cast<int32_t>(threadIdx.x); i < count; i += static_cast<int32_t>(blockDim.x)) {
    const int32_t at = places[i], image = at >> 24;
    const int32_t r = row + (at >> 12 & 4095), v = column + (at & 4095);
    const bool inside = at >= 0 && image < images && r >= 0 && r < rows && v >= 0 && v < columns;
    table[i] = inside ? static_cast<int32_t>(image * image_size) + r * columns + v : -1;
  }
}

// Lines [0, lines) of `line` floats, of which the first `valid` come from planes of `from`.
__device__ __forceinline__ void copy_lines(const Block& b, const int32_t* table, int32_t count, const float* from,
                                           int64_t plane, int32_t lines, int32_t valid, int32_t line, uint32_t* to) {
  const int32_t warps = static_cast<int32_t>(blockDim.x) / warp_size;
#pragma unroll 1
  for (int32_t i = b.lane(); i < count; i += warp_size) {
    const int32_t at = table[i];
#pragma unroll 2
    for (int32_t n = b.warp(); n < lines; n += warps) {
      const bool there = at >= 0 && n < valid;
      copy_async_4(to + n * line + i, there ? from + n * plane + at : from, there);
    }
  }
}

// Word i of a line from its float `step`·i and the one that is `apart` from it.
template <typename Word>
__device__ __forceinline__ void round_lines(const Block& b, const uint32_t* from, int32_t from_line, int32_t lines,
                                            int32_t count, int32_t step, int32_t apart, uint32_t* to, int32_t to_line) {
  const int32_t warps = static_cast<int32_t>(blockDim.x) / warp_size;
#pragma unroll 1
  for (int32_t n = b.warp(); n < lines; n += warps) {
#pragma unroll 2
    for (int32_t i = b.lane(); i < count; i += warp_size) {
      const uint32_t* const low = from + n * from_line + i * step;
      const bool two = Word::floats == 2 && i * step + apart < count * step;
      to[n * to_line + i] = Word::of(__uint_as_float(low[0]), two ? __uint_as_float(low[apart]) : 0.0f);
    }
  }
}

template <typename Word, int32_t tall>
__global__ void __launch_bounds__(weight_threads, 2)
    weight_kernel(Correlation c, const float* dy, float* partial, int64_t total, WeightTiling t) {
  RETORT_SHARED(uint32_t, memory);
  const Block b(c, t);
  const int32_t x_words = t.patch_channels * t.x_line, side_words = x_words + t.block_outputs * copied_line;
  const int32_t dy_count = t.words * Word::floats;
  int32_t* const x_places = reinterpret_cast<int32_t*>(memory + 2 * side_words);
  int32_t* const dy_places = x_places + t.elements;
  int32_t* const offsets = dy_places + copied_line;
  int32_t* const tables = offsets + t.words;
  const int32_t table_words = t.elements + copied_line;
  const int32_t thread = static_cast<int32_t>(threadIdx.x), threads = static_cast<int32_t>(blockDim.x);

  const int32_t patch = t.patch_rows * t.patch_columns;
  for (int32_t e = thread; e < t.elements; e += threads) {
    x_places[e] = packed_place(e / patch, e % patch / t.patch_columns, e % t.patch_columns);
  }
  for (int32_t p = thread; p < dy_count; p += threads) {
    const int32_t k = p / Word::floats, row = k / t.row_words;
    const int32_t column = k % t.row_words * Word::floats + p % Word::floats, image = row / t.rows;
    const bool there = image < t.images && column < t.columns;
    dy_places[p] = there ? packed_place(image, row % t.rows, column) : -1;
    if (p % Word::floats == 0) {
      offsets[k] = image < t.images
                       ? (image * t.patch_rows + row % t.rows * c.row.step) * t.patch_columns + column * c.column.step
                       : 0;
    }
  }

  const int32_t output_warp = b.warp() % t.output_warps, unit_warp = b.warp() / t.output_warps % t.unit_warps;
  const int32_t word_warp = b.warp() / t.output_warps / t.unit_warps;
  WeightSums<Word, tall> sums;
  const int32_t first_unit = b.first_unit + unit_warp * t.warp_units;
  const int32_t units = lesser(lesser(t.warp_units, t.block_units - unit_warp * t.warp_units), t.units - first_unit);
  int32_t places[most_warp_units];
#pragma unroll
  for (int32_t u = 0; u < most_warp_units; ++u) {
    const Column column(c, t, (first_unit + u) * 8 + sums.operand_column());
    const bool there = u < units && column.channel < c.channels;
    places[u] =
        there ? (column.channel - b.first_channel) * t.x_line + column.tap_row * t.patch_columns + column.tap_column
              : 0;
  }

  const float* const x_from = c.in + (int64_t{b.group} * c.channels + b.first_channel) * c.in_plane;
  const float* const dy_from = dy + (int64_t{b.group} * c.outputs + b.first_output) * c.out_plane;
  const auto place_tile = [&](int32_t tile, int32_t* table) {
    const int32_t column = tile % t.tiles_across * t.columns, row = tile / t.tiles_across % t.tiles_down * t.rows;
    const int32_t images = c.batch - tile / t.tiles_across / t.tiles_down * t.images;
    locate(x_places, t.elements, images, row * c.row.step + c.row.first, column * c.column.step + c.column.first,
           c.row.size, c.column.size, c.in_image, table);
    locate(dy_places, dy_count, images, row, column, c.row.count, c.column.count, c.out_image, table + t.elements);
  };
  const auto copy_tile = [&](int32_t tile, const int32_t* table, uint32_t* to) {
    const int64_t image = tile / t.tiles_across / t.tiles_down * t.images;
    copy_lines(b, table, t.elements, x_from + image * c.in_image, c.in_plane, b.channels, b.channels, t.x_line, to);
    copy_lines(b, table + t.elements, dy_count, dy_from + image * c.out_image, c.out_plane, t.block_outputs,
               c.outputs - b.first_output, copied_line, to + x_words);
    commit_copies();
  };

  // The lists of places are read by other threads.
  __syncthreads();
  place_tile(b.slot, tables);
  // And so is the table.
  __syncthreads();
  copy_tile(b.slot, tables, memory);
  for (int32_t tile = b.slot, side = 0; tile < t.tiles; tile += t.slots, side ^= 1) {
    const bool more = tile + t.slots < t.tiles;
    int32_t* const table = tables + (side ^ 1) * table_words;
    wait_for_copies<0>();
    if (more) place_tile(tile + t.slots, table);
    // Every thread's copies are there, and the next table; what the last round read may be written again.
    __syncthreads();
    const uint32_t* now = memory + side * side_words;
    if (Word::rounds) {
      uint32_t* const words = memory + side_words;
      round_lines<Word>(b, memory, t.x_line, b.channels, t.elements, 1, c.column.step, words, t.x_line);
      round_lines<Word>(b, memory + x_words, copied_line, t.block_outputs, t.words, Word::floats, 1, words + x_words,
                        sums.line);
      now = words;
      // The words are there for every warp, and the copied floats are read no more.
      __syncthreads();
    }
    if (more) copy_tile(tile + t.slots, table, Word::rounds ? memory : memory + (side ^ 1) * side_words);
    const uint32_t* const from = now + x_words + output_warp * 16 * tall * sums.line;
#pragma unroll 1
    for (int32_t k = 8 * word_warp; k < t.words; k += 8 * t.word_warps) {
      sums.add({from + k, now, offsets + k}, places, units);
    }
  }

  // Where each of the block's columns stands in its output's weights. The last tile is read no more.
  __syncthreads();
  int32_t* const column_places = reinterpret_cast<int32_t*>(memory);
  for (int32_t n = thread; n < 8 * t.block_units; n += threads) {
    const Column column(c, t, 8 * b.first_unit + n);
    column_places[n] = column.channel < c.channels ? static_cast<int32_t>(column.channel * c.w_channel) +
                                                         column.tap_row * c.column.taps + column.tap_column
                                                   : -1;
  }
  // Read by other threads.
  __syncthreads();
  const int32_t* const own_places = column_places + 8 * unit_warp * t.warp_units;
#pragma unroll
  for (int32_t i = 0; i < sums.rows; ++i) {
    const int32_t o = b.first_output + output_warp * 16 * tall + sums.row(i);
    if (o >= c.outputs) continue;
    float* const to =
        partial + (int64_t{b.slot} * t.word_warps + word_warp) * total + b.group * c.w_group + o * c.w_output;
#pragma unroll
    for (int32_t u = 0; u < most_warp_units; ++u) {
      if (u >= units) continue;
#pragma unroll
      for (int32_t j = 0; j < sums.columns; ++j) {
        const int32_t place = own_places[8 * u + sums.column(j)];
        if (place >= 0) to[place] = sums.sum(i, u, j);
      }
    }
  }
}

template <typename Word>
void run(const Correlation& c, const float* dy, float* dw, const ConvolutionResources& r) {
  const int64_t total = c.groups * c.w_group;
  WeightTiling t;
  if (!choose_weight_tiling(c, Word::floats, r, t)) return weight_gradient_by_element(c, dy, dw, r.stream);
  const int32_t parts = t.slots * t.word_warps;
  float* const to = parts == 1 ? dw : static_cast<float*>(r.scratch);
  launch(t.tall == 2 ? weight_kernel<Word, 2> : weight_kernel<Word, 1>,
         static_cast<uint32_t>(c.groups * t.output_blocks * t.unit_blocks * t.slots),
         static_cast<uint32_t>(t.warps() * warp_size), static_cast<size_t>(weight_shared_bytes(t)), r.stream, c, dy, to,
         total, t);
  if (parts > 1) sum_parts(to, parts, total, dw, r.stream);
}

}  // namespace

void weight_gradient(const ConvolutionShape& shape, const float* x, const float* dy, float* dw,
                     const ConvolutionResources& r) {
  const Correlation c = forward_correlation(shape, x, nullptr, nullptr, nullptr, Activation::none);
  if (r.precision == Precision::float32) return run<Float32Word>(c, dy, dw, r);
  if (r.precision == Precision::tf32) return run<Tf32Word>(c, dy, dw, r);
  run<Bfloat16Word>(c, dy, dw, r);
}

}  // namespace RETORT_ISA
}  // namespace retort
