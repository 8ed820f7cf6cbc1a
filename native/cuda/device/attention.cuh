// What the kernels of attention share: tiles of 64 rows in shared memory, and their products in registers. A block is
// 16 x 16 threads; thread (x, y) has rows y + 16i and columns x + 16j of a tile of scores.
#pragma once

#include "platform.cuh"
#include "require/attention.h"

namespace retort {
namespace RETORT_ISA {

constexpr int32_t attention_rows = 64;
constexpr int32_t attention_threads = 256;
// Rows and columns of scores that a thread has.
constexpr int32_t attention_share = attention_rows / 16;
// Rows of scores in shared memory: float4 fit, and rows 1 apart lie 4 banks apart.
constexpr int32_t score_stride = attention_rows + 4;

struct AttentionCall {
  const float *q, *k, *v;
  const float* mask;  // [B, S'] or null
  int64_t heads, first_pair;
  int32_t queries, keys, depth;
  float scale;
  bool causal;
  bool in_fours;  // rows may be read 16 bytes at a time

  __device__ const float* mask_of(int64_t pair) const { return mask ? mask + pair / heads * keys : nullptr; }

  // What the product of a query and a key counts in the softmax.
  __device__ float score(float product, const float* mask_row, int32_t query, int32_t key) const {
    if (key >= keys || (causal && key - query > keys - queries)) return -INFINITY;
    return product * scale + (mask_row ? mask_row[key] : 0.0f);
  }
};

// What comes in on the way back: delta is Σ dy·y of each query, of the pairs from first_pair on.
struct AttentionGradient {
  const float *dy, *log_sum, *delta;
};

inline bool reads_in_fours(const AttentionSizes& sizes, const TensorView& tensor) {
  return sizes.depth % 4 == 0 && reinterpret_cast<uintptr_t>(tensor.data) % sizeof(float4) == 0;
}

inline AttentionCall attention_call(const AttentionSizes& sizes, const TensorView& q, const TensorView& k,
                                    const TensorView& v, const TensorView* mask, float scale, bool causal) {
  AttentionCall call;
  call.q = floats(q), call.k = floats(k), call.v = floats(v);
  call.mask = mask ? floats(*mask) : nullptr;
  call.heads = sizes.heads, call.first_pair = 0;
  // Attention over 2^31 keys would take a GPU days.
  call.queries = static_cast<int32_t>(sizes.queries), call.keys = static_cast<int32_t>(sizes.keys);
  call.depth = static_cast<int32_t>(sizes.depth);
  call.scale = scale, call.causal = causal;
  call.in_fours = reads_in_fours(sizes, q) && reads_in_fours(sizes, k) && reads_in_fours(sizes, v);
  return call;
}

// The rest of a row beyond its columns and rows beyond the last are zeros. A float4 more a row than `width`, so that
// eight rows' parts lie in different banks.
template <int32_t width>
constexpr int32_t tile_stride = width + 4;
template <int32_t width>
constexpr int32_t tile_floats = attention_rows* tile_stride<width>;

template <int32_t width>
__device__ __forceinline__ void load_tile(float* tile, const float* from, int32_t rows, int32_t columns, int32_t depth,
                                          bool in_fours) {
  if (in_fours) {
    constexpr int32_t fours = width / 4;
#pragma unroll 4
    for (int32_t i = threadIdx.x; i < attention_rows * fours; i += attention_threads) {
      const int32_t row = i / fours, column = i % fours * 4;
      const bool there = row < rows && column < columns;
      *reinterpret_cast<float4*>(tile + row * tile_stride<width> + column) =
          there ? *reinterpret_cast<const float4*>(from + int64_t{row} * depth + column) : make_float4(0, 0, 0, 0);
    }
    return;
  }
  for (int32_t i = threadIdx.x; i < attention_rows * width; i += attention_threads) {
    const int32_t row = i / width, column = i % width;
    tile[row * tile_stride<width> + column] = row < rows && column < columns ? from[int64_t{row} * depth + column] : 0;
  }
}

template <int32_t count>
__device__ __forceinline__ void load_floats(float (&to)[count], const float* from) {
  static_assert(count == 2 || count == 4, "one load");
  if (count == 4) {
    const float4 value = *reinterpret_cast<const float4*>(from);
    to[0] = value.x, to[1] = value.y, to[count - 2] = value.z, to[count - 1] = value.w;
  } else {
    const float2 value = *reinterpret_cast<const float2*>(from);
    to[0] = value.x, to[1] = value.y;
  }
}

using Scores = float[attention_share][attention_share];

// scores += rows of a · rows of b.
template <int32_t width>
__device__ __forceinline__ void add_products(Scores& scores, const float* a, const float* b) {
  const int32_t x = threadIdx.x % 16, y = threadIdx.x / 16;
#pragma unroll 2
  for (int32_t d = 0; d < width; d += 4) {
    float left[attention_share][4], right[attention_share][4];
#pragma unroll
    for (int32_t i = 0; i < attention_share; ++i) {
      load_floats(left[i], a + (y + 16 * i) * tile_stride<width> + d);
      load_floats(right[i], b + (x + 16 * i) * tile_stride<width> + d);
    }
#pragma unroll
    for (int32_t i = 0; i < attention_share; ++i) {
#pragma unroll
      for (int32_t j = 0; j < attention_share; ++j) {
#pragma unroll
        for (int32_t e = 0; e < 4; ++e) scores[i][j] += left[i][e] * right[j][e];
      }
    }
  }
}

__device__ __forceinline__ void store_scores(const Scores& scores, float* tile) {
  const int32_t x = threadIdx.x % 16, y = threadIdx.x / 16;
#pragma unroll
  for (int32_t i = 0; i < attention_share; ++i) {
#pragma unroll
    for (int32_t j = 0; j < attention_share; ++j) tile[(y + 16 * i) * score_stride + x + 16 * j] = scores[i][j];
  }
}

// What a thread has of 64 rows x width: rows y + 16i and, in groups side by side, columns.
template <int32_t width>
struct Sums {
  static constexpr int32_t columns = width / 16;
  static constexpr int32_t together = columns < 4 ? columns : 4;

  float value[attention_share][columns];

  __device__ static int32_t column(int32_t c) {
    return (c / together * 16 + static_cast<int32_t>(threadIdx.x % 16)) * together + c % together;
  }

  __device__ void clear() {
#pragma unroll
    for (int32_t i = 0; i < attention_share; ++i) {
#pragma unroll
      for (int32_t c = 0; c < columns; ++c) value[i][c] = 0;
    }
  }

  // += weights [64][64] · rows [64][width].
  __device__ void add(const float* weights, const float* rows) {
    const int32_t y = threadIdx.x / 16;
#pragma unroll 2
    for (int32_t k = 0; k < attention_rows; k += 4) {
      float left[attention_share][4];
#pragma unroll
      for (int32_t i = 0; i < attention_share; ++i) load_floats(left[i], weights + (y + 16 * i) * score_stride + k);
#pragma unroll
      for (int32_t e = 0; e < 4; ++e) {
#pragma unroll
        for (int32_t c = 0; c < columns; c += together) {
          float right[together];
          load_floats(right, rows + (k + e) * tile_stride<width> + column(c));
#pragma unroll
          for (int32_t i = 0; i < attention_share; ++i) {
#pragma unroll
            for (int32_t j = 0; j < together; ++j) value[i][c + j] += left[i][e] * right[j];
          }
        }
      }
    }
  }

  // rows and columns: how many of them there are.
  __device__ void store(float* to, int32_t rows, int32_t columns_left, int32_t depth) const {
    const int32_t y = threadIdx.x / 16;
#pragma unroll
    for (int32_t i = 0; i < attention_share; ++i) {
#pragma unroll
      for (int32_t c = 0; c < columns; ++c) {
        if (y + 16 * i < rows && column(c) < columns_left) {
          to[int64_t{y + 16 * i} * depth + column(c)] = value[i][c];
        }
      }
    }
  }
};

}  // namespace RETORT_ISA
}  // namespace retort
