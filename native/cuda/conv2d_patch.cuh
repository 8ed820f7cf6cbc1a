// How a patch comes into shared memory: the order of a block's stages, where a patch's places stand in in, and the
// copies.
#pragma once

#include "conv2d_tiles.cuh"
#include "conv2d_tiling.cuh"
#include "device/copy.cuh"

namespace retort {
namespace RETORT_ISA {

constexpr int32_t patch_warps = patch_threads / warp_size;

// What a block does next: the part of the taps and the channels of a tile.
struct PatchStep {
  int32_t tile, row_part, column_part, chunk;

  __device__ __forceinline__ bool same_patch(const PatchStep& other) const {
    return tile == other.tile && row_part == other.row_part && column_part == other.column_part;
  }
  __device__ __forceinline__ bool last(const PatchTiling& t) const {
    return chunk + 1 == t.chunks && column_part + 1 == t.column.count && row_part + 1 == t.row.count;
  }
  __device__ __forceinline__ int32_t stage(const PatchTiling& t) const {
    return (row_part * t.column.count + column_part) * t.chunks + chunk;
  }
  __device__ __forceinline__ PatchStep next(const PatchTiling& t) const {
    if (chunk + 1 < t.chunks) return {tile, row_part, column_part, chunk + 1};
    if (column_part + 1 < t.column.count) return {tile, row_part, column_part + 1, 0};
    if (row_part + 1 < t.row.count) return {tile, row_part + 1, 0, 0};
    return {tile + t.blocks, 0, 0, 0};
  }
};

// The first image, row and column of a tile.
__device__ __forceinline__ void start_of(const PatchTiling& t, int32_t tile, int32_t& image, int32_t& row,
                                         int32_t& column) {
  column = tile % t.tiles_across * t.columns;
  row = tile / t.tiles_across % t.tiles_down * t.rows;
  image = tile / t.tiles_across / t.tiles_down * t.images;
}

// Where each place of a patch stands in in, from the tile's first image on; -1 for padding and beyond.
__device__ __forceinline__ void locate_patch(const Correlation& c, const PatchTiling& t, const PatchStep& step,
                                             const int32_t* places, int32_t* table) {
  int32_t image, row, column;
  start_of(t, step.tile, image, row, column);
  row = row * c.row.step + c.row.first + step.row_part;
  column = column * c.column.step + c.column.first + step.column_part;
  for (int32_t e = static_cast<int32_t>(threadIdx.x); e < t.elements; e += patch_threads) {
    const PatchPlace at(places[e]);
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
  for (int32_t line = 0; line < stage_lines; line += patch_warps) {
#pragma unroll
    for (int32_t i = 0; i < Word::floats; ++i) body((line + warp) * Word::floats + i);
  }
}

// raw: a line a channel.
template <typename Word>
__device__ __forceinline__ void copy_patch(const Correlation& c, const PatchTiling& t, const PatchStep& step,
                                           const float* in, const int32_t* table, uint32_t* raw) {
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
__device__ __forceinline__ void round_patch(const PatchTiling& t, const uint32_t* raw, uint32_t* patch) {
  const int32_t warp = static_cast<int32_t>(threadIdx.x) / warp_size;
  for (int32_t e = static_cast<int32_t>(threadIdx.x) % warp_size; e < t.elements; e += warp_size) {
#pragma unroll
    for (int32_t line = 0; line < stage_lines; line += patch_warps) {
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

}  // namespace RETORT_ISA
}  // namespace retort
