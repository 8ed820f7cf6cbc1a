// Attention forward (Dao 2023) by tensor cores. A block has 64 queries of one head, a warp 16 of them, and goes through
// the keys 64 at a time; scores, their powers and the weighted sum of v stay in the warp's registers, whose layout as a
// result of one product is that of an operand of the next. Heads wider than 128 are cut into tiles of columns, as in
// attention.cu. Bound by tensor cores, for narrow heads by the powers: one for every 4·D operations.
#include "attention_words.h"

#include "device/attention_words.cuh"
#include "device/sum.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t score_tiles = attention_rows / 8;

// Over the four lanes that share rows.
template <typename Combine>
__device__ __forceinline__ float quad_reduce(float value, const Combine& combine) {
  value = combine(value, __shfl_xor_sync(whole_warp, value, 1));
  return combine(value, __shfl_xor_sync(whole_warp, value, 2));
}

template <typename Words, int32_t width>
__global__ void __launch_bounds__(word_threads, 2)
    attention_forward_words_kernel(const AttentionCall call, float* y, float* log_sum) {
  constexpr int32_t tile_words = attention_rows * word_stride<Words, width>;
  RETORT_SHARED(uint32_t, shared);
  uint32_t *const query_tile = shared, *const key_tile = query_tile + tile_words;
  uint32_t* const value_tile = key_tile + tile_words;
  const int32_t lane = threadIdx.x % warp_size, row = static_cast<int32_t>(threadIdx.x) / warp_size * fragment_rows;
  const int32_t tiles = (call.queries + attention_rows - 1) / attention_rows;
  const int64_t pair = blockIdx.x / tiles;
  const int32_t first = static_cast<int32_t>(blockIdx.x % tiles) * attention_rows;
  const int32_t column = static_cast<int32_t>(blockIdx.y) * width, depth = call.depth;
  const float* const q = call.q + (pair * call.queries + first) * depth;
  const float *const k = call.k + pair * call.keys * depth, *const v = call.v + pair * call.keys * depth;
  const float* const mask = call.mask_of(pair);
  const int32_t last = first + attention_rows + call.keys - call.queries;
  const int32_t end = call.causal && last < call.keys ? last : call.keys;

  float sums[width / 8][4] = {};
  float most[2] = {-INFINITY, -INFINITY}, total[2] = {};
  for (int32_t key = 0; key < end; key += attention_rows) {
    float scores[score_tiles][4] = {};
    const int32_t keys = call.keys - key;
    for (int32_t part = 0; part < depth; part += width) {
      // The tiles may be filled again when every warp is done with them.
      __syncthreads();
      if (key == 0 || depth > width) {
        load_words<Words, width, attention_rows>(query_tile, q + part, call.queries - first, depth - part, depth,
                                                 call.in_fours);
      }
      load_words<Words, width, attention_rows>(key_tile, k + int64_t{key} * depth + part, keys, depth - part, depth,
                                               call.in_fours);
      if (part == 0) {
        load_words<Words, width, attention_rows>(value_tile, v + int64_t{key} * depth + column, keys, depth - column,
                                                 depth, call.in_fours);
      }
      // Every thread's part of the tiles must be there.
      __syncthreads();
      multiply_rows<Words, width>(scores, query_tile, row, key_tile);
    }
#pragma unroll
    for (int32_t half = 0; half < 2; ++half) {
      const int32_t query = first + row + lane / 4 + 8 * half;
      float best = -INFINITY;
#pragma unroll
      for (int32_t n = 0; n < score_tiles; ++n) {
#pragma unroll
        for (int32_t i = 2 * half; i < 2 * half + 2; ++i) {
          scores[n][i] = call.score(scores[n][i], mask, query, key + 8 * n + lane % 4 * 2 + i % 2);
          best = Greater{}(best, scores[n][i]);
        }
      }
      best = Greater{}(most[half], quad_reduce(best, Greater{}));
      // While nothing is seen the maximum is -infinity, and a difference to it would be NaN.
      const float level = best == -INFINITY ? 0.0f : best;
      const float correction = power(most[half] - level);
      most[half] = best;
      total[half] *= correction;
#pragma unroll
      for (int32_t n = 0; n < score_tiles; ++n) {
#pragma unroll
        for (int32_t i = 2 * half; i < 2 * half + 2; ++i) {
          scores[n][i] = power(scores[n][i] - level);
          total[half] += scores[n][i];
        }
      }
#pragma unroll
      for (int32_t n = 0; n < width / 8; ++n) {
        sums[n][2 * half] *= correction;
        sums[n][2 * half + 1] *= correction;
      }
    }
    add_weighted<Words, width>(sums, scores, value_tile);
  }

#pragma unroll
  for (int32_t half = 0; half < 2; ++half) {
    const float sum = quad_reduce(total[half], Add{});
    const float share = sum == 0 ? 0.0f : 1.0f / sum;
#pragma unroll
    for (int32_t n = 0; n < width / 8; ++n) {
      sums[n][2 * half] *= share;
      sums[n][2 * half + 1] *= share;
    }
    const int32_t query = first + row + lane / 4 + 8 * half;
    if (blockIdx.y == 0 && lane % 4 == 0 && query < call.queries) {
      log_sum[pair * call.queries + query] = most[half] + logf(sum);
    }
  }
  store_sums(sums, y + (pair * call.queries + first + row) * depth + column, call.queries - first - row, depth - column,
             depth);
}

template <typename Words, int32_t width>
void run(const AttentionCall& call, int64_t pairs, float* y, float* log_sum, cudaStream_t stream) {
  const int64_t tiles = (call.queries + attention_rows - 1) / attention_rows;
  const dim3 grid(static_cast<uint32_t>(pairs * tiles), static_cast<uint32_t>((call.depth + width - 1) / width));
  const size_t bytes = 3 * attention_rows * word_stride<Words, width> * sizeof(uint32_t);
  launch(attention_forward_words_kernel<Words, width>, grid, word_threads, bytes, stream, call, y, log_sum);
}

template <typename Words>
void run(const AttentionCall& call, int64_t pairs, float* y, float* log_sum, cudaStream_t stream) {
  const auto run_width = call.depth <= 32 ? run<Words, 32> : call.depth <= 64 ? run<Words, 64> : run<Words, 128>;
  run_width(call, pairs, y, log_sum, stream);
}

}  // namespace

void attention_forward_words(const AttentionCall& call, Precision precision, int64_t pairs, float* y, float* log_sum,
                             cudaStream_t stream) {
  const auto run_words = precision == Precision::tf32 ? run<Tf32Words> : run<Bfloat16Words>;
  run_words(call, pairs, y, log_sum, stream);
}

}  // namespace RETORT_ISA
}  // namespace retort
