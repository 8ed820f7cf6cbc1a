// Attention's operands for tensor cores: tiles in shared memory in words of one TensorFloat-32 or two bfloat16, and the
// fragments that a warp takes from them (mma.cuh), by two ways: sums along a row, and sums over rows.
#pragma once

#include "attention.cuh"
#include "mma.cuh"

namespace retort {
namespace RETORT_ISA {

// Four warps, each with 16 rows of a tile of 64.
constexpr int32_t word_threads = 128;
constexpr int32_t fragment_rows = 16;

struct Tf32Words {
  static constexpr int32_t per_word = 1;

  __device__ static void put(uint32_t* to, float4 x) {
    *reinterpret_cast<uint4*>(to) = make_uint4(to_tf32(x.x), to_tf32(x.y), to_tf32(x.z), to_tf32(x.w));
  }
  __device__ static void multiply(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) { mma_tf32(d, a, b); }
  // Of sums over rows the two rows that a thread's scores stand for, 2t and 2t + 1, take the places t and t + 4.
  template <int32_t stride>
  __device__ static void over_rows(uint32_t (&b)[2][2], const uint32_t* tile, int32_t row, int32_t column) {
    const int32_t lane = threadIdx.x % warp_size;
    const uint32_t* const from = tile + (row + lane % 4 * 2) * stride + column + lane / 4;
    b[0][0] = from[0], b[0][1] = from[stride];
    b[1][0] = from[8], b[1][1] = from[stride + 8];
  }
  template <int32_t count>
  __device__ static void of_scores(uint32_t (&a)[4], const float (&scores)[count][4], int32_t step) {
    a[0] = to_tf32(scores[step][0]), a[1] = to_tf32(scores[step][2]);
    a[2] = to_tf32(scores[step][1]), a[3] = to_tf32(scores[step][3]);
  }
};

struct Bfloat16Words {
  static constexpr int32_t per_word = 2;

  __device__ static void put(uint32_t* to, float4 x) {
    *reinterpret_cast<uint2*>(to) = make_uint2(pack_bfloat16(x.x, x.y), pack_bfloat16(x.z, x.w));
  }
  __device__ static void multiply(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    mma_bfloat16(d, a, b);
  }
  template <int32_t stride>
  __device__ static void over_rows(uint32_t (&b)[2][2], const uint32_t* tile, int32_t row, int32_t column) {
    const int32_t lane = threadIdx.x % warp_size;
    uint32_t word[4];
    load_matrices_transposed(word, tile + (row + lane % 16) * stride + (column + lane / 16 * 8) / 2);
    b[0][0] = word[0], b[0][1] = word[1];
    b[1][0] = word[2], b[1][1] = word[3];
  }
  template <int32_t count>
  __device__ static void of_scores(uint32_t (&a)[4], const float (&scores)[count][4], int32_t step) {
    a[0] = pack_bfloat16(scores[2 * step][0], scores[2 * step][1]);
    a[1] = pack_bfloat16(scores[2 * step][2], scores[2 * step][3]);
    a[2] = pack_bfloat16(scores[2 * step + 1][0], scores[2 * step + 1][1]);
    a[3] = pack_bfloat16(scores[2 * step + 1][2], scores[2 * step + 1][3]);
  }
};

// Four words more than a row: then the eight rows and four words of a fragment lie in 32 banks, and rows stay aligned
// to 16 bytes.
template <typename Words, int32_t width>
constexpr int32_t word_stride = width / Words::per_word + 4;

// A tile of `tile_rows` rows; the rest of a row beyond its columns and rows beyond the last are zeros.
template <typename Words, int32_t width, int32_t tile_rows>
__device__ __forceinline__ void load_words(uint32_t* tile, const float* from, int32_t rows, int32_t columns,
                                           int32_t depth, bool in_fours) {
  constexpr int32_t fours = width / 4;
#pragma unroll 4
  for (int32_t i = threadIdx.x; i < tile_rows * fours; i += word_threads) {
    const int32_t row = i / fours, column = i % fours * 4;
    const float* const at = from + int64_t{row} * depth + column;
    float4 value = make_float4(0, 0, 0, 0);
    if (row < rows && column < columns) {
      if (in_fours) {
        value = *reinterpret_cast<const float4*>(at);
      } else {
        value.x = at[0];
        if (column + 1 < columns) value.y = at[1];
        if (column + 2 < columns) value.z = at[2];
        if (column + 3 < columns) value.w = at[3];
      }
    }
    Words::put(tile + row * word_stride<Words, width> + column / Words::per_word, value);
  }
}

// products[n] += rows [row, row + 16) of a · rows [8n, 8n + 8) of b.
template <typename Words, int32_t width, int32_t count>
__device__ __forceinline__ void multiply_rows(float (&products)[count][4], const uint32_t* a, int32_t row,
                                              const uint32_t* b) {
  constexpr int32_t stride = word_stride<Words, width>;
  const int32_t lane = threadIdx.x % warp_size;
  const uint32_t* const left = a + (row + lane / 4) * stride + lane % 4;
  const uint32_t* const right = b + lane / 4 * stride + lane % 4;
#pragma unroll 4
  for (int32_t word = 0; word < width / Words::per_word; word += 8) {
    const uint32_t of_a[4] = {left[word], left[8 * stride + word], left[word + 4], left[8 * stride + word + 4]};
#pragma unroll
    for (int32_t n = 0; n < count; ++n) {
      const uint32_t of_b[2] = {right[8 * n * stride + word], right[8 * n * stride + word + 4]};
      Words::multiply(products[n], of_a, of_b);
    }
  }
}

// sums[n] += weights [16][8·count] · columns [8n, 8n + 8) of the tile's 8·count rows.
template <typename Words, int32_t width, int32_t count>
__device__ __forceinline__ void add_weighted(float (&sums)[width / 8][4], const float (&weights)[count][4],
                                             const uint32_t* tile) {
#pragma unroll
  for (int32_t step = 0; step < count / Words::per_word; ++step) {
    uint32_t a[4];
    Words::of_scores(a, weights, step);
#pragma unroll
    for (int32_t n = 0; n < width / 8; n += 2) {
      uint32_t b[2][2];
      Words::template over_rows<word_stride<Words, width>>(b, tile, step * 8 * Words::per_word, 8 * n);
      Words::multiply(sums[n], a, b[0]);
      Words::multiply(sums[n + 1], a, b[1]);
    }
  }
}

// rows and columns: how many of them there are from the warp's first row and the tile's first column on.
template <int32_t count>
__device__ __forceinline__ void store_sums(const float (&sums)[count][4], float* to, int32_t rows, int32_t columns,
                                           int32_t depth) {
  const int32_t lane = threadIdx.x % warp_size;
#pragma unroll
  for (int32_t n = 0; n < count; ++n) {
#pragma unroll
    for (int32_t i = 0; i < 4; ++i) {
      const int32_t row = lane / 4 + i / 2 * 8, column = 8 * n + lane % 4 * 2 + i % 2;
      if (row < rows && column < columns) to[int64_t{row} * depth + column] = sums[n][i];
    }
  }
}

// e^x by the GPU's own power of two, which is as right as the products here.
__device__ __forceinline__ float power(float x) { return exp2f(x * 1.44269504f); }

}  // namespace RETORT_ISA
}  // namespace retort
