// Attention forward (Dao 2023) in float32; other precisions are attention_words.cu's. A block has 64 queries of one
// head and goes through the keys 64 at a time: scores in registers, their powers in shared memory, the weighted sum of
// v in registers, corrected as the maximum of the scores grows. Heads wider than 128 are cut into tiles of columns: for
// each a block computes the scores anew, in parts. Bound by arithmetic: 4·S·S'·D operations a head, 1.5 floats of
// shared memory an operation's thread in the scores; q, y and, for every 64 queries, k and v pass through memory.
#include "require/attention.h"

#include <algorithm>

#include "attention_words.h"
#include "cuda_kernels.h"
#include "device/attention.cuh"
#include "device/sum.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

// Over the 16 threads that share rows: half a warp.
template <typename Combine>
__device__ __forceinline__ float row_reduce(float value, const Combine& combine) {
#pragma unroll
  for (int32_t bits = 8; bits > 0; bits /= 2) value = combine(value, __shfl_xor_sync(whole_warp, value, bits));
  return value;
}

template <int32_t width>
constexpr size_t shared_floats = 2 * tile_floats<width> + attention_rows* score_stride;

template <int32_t width>
__global__ void __launch_bounds__(attention_threads, 2)
    attention_forward_kernel(const AttentionCall call, float* y, float* log_sum) {
  RETORT_SHARED(float, shared);
  float *const query_tile = shared, *const key_tile = query_tile + tile_floats<width>;
  float* const weights = key_tile + tile_floats<width>;
  const int32_t x = threadIdx.x % 16, thread_row = threadIdx.x / 16;
  const int32_t tiles = (call.queries + attention_rows - 1) / attention_rows;
  const int64_t pair = blockIdx.x / tiles;
  const int32_t first = static_cast<int32_t>(blockIdx.x % tiles) * attention_rows;
  const int32_t column = static_cast<int32_t>(blockIdx.y) * width, depth = call.depth;
  const float* const q = call.q + (pair * call.queries + first) * depth;
  const float *const k = call.k + pair * call.keys * depth, *const v = call.v + pair * call.keys * depth;
  const float* const mask = call.mask_of(pair);
  const int32_t last = first + attention_rows + call.keys - call.queries;
  const int32_t end = call.causal && last < call.keys ? last : call.keys;

  Sums<width> sums;
  sums.clear();
  float most[attention_share], total[attention_share];
#pragma unroll
  for (int32_t i = 0; i < attention_share; ++i) most[i] = -INFINITY, total[i] = 0;

  for (int32_t key = 0; key < end; key += attention_rows) {
    Scores scores = {};
    for (int32_t part = 0; part < depth; part += width) {
      // The tiles may be filled again when every thread is done with them.
      __syncthreads();
      if (key == 0 || depth > width) {
        load_tile<width>(query_tile, q + part, call.queries - first, depth - part, depth, call.in_fours);
      }
      load_tile<width>(key_tile, k + int64_t{key} * depth + part, call.keys - key, depth - part, depth, call.in_fours);
      // Every thread's part of the tiles must be there.
      __syncthreads();
      add_products<width>(scores, query_tile, key_tile);
    }
#pragma unroll
    for (int32_t i = 0; i < attention_share; ++i) {
      float best = -INFINITY;
#pragma unroll
      for (int32_t j = 0; j < attention_share; ++j) {
        scores[i][j] = call.score(scores[i][j], mask, first + thread_row + 16 * i, key + x + 16 * j);
        best = Greater{}(best, scores[i][j]);
      }
      best = Greater{}(most[i], row_reduce(best, Greater{}));
      // While nothing is seen the maximum is -infinity, and a difference to it would be NaN.
      const float level = best == -INFINITY ? 0.0f : best;
      const float correction = expf(most[i] - level);
      most[i] = best;
      total[i] *= correction;
#pragma unroll
      for (int32_t j = 0; j < attention_share; ++j) {
        scores[i][j] = expf(scores[i][j] - level);
        total[i] += scores[i][j];
      }
#pragma unroll
      for (int32_t c = 0; c < Sums<width>::columns; ++c) sums.value[i][c] *= correction;
    }
    store_scores(scores, weights);
    // The keys must have been read by every thread before v takes their place.
    __syncthreads();
    load_tile<width>(key_tile, v + int64_t{key} * depth + column, call.keys - key, depth - column, depth,
                     call.in_fours);
    // v and the weights of every thread must be there.
    __syncthreads();
    sums.add(weights, key_tile);
  }

#pragma unroll
  for (int32_t i = 0; i < attention_share; ++i) {
    const float sum = row_reduce(total[i], Add{});
    const float share = sum == 0 ? 0.0f : 1.0f / sum;
#pragma unroll
    for (int32_t c = 0; c < Sums<width>::columns; ++c) sums.value[i][c] *= share;
    const int32_t query = first + thread_row + 16 * i;
    if (blockIdx.y == 0 && x == 0 && query < call.queries) {
      log_sum[pair * call.queries + query] = most[i] + logf(sum);
    }
  }
  sums.store(y + (pair * call.queries + first) * depth + column, call.queries - first, depth - column, depth);
}

template <int32_t width>
void run(const AttentionCall& call, int64_t pairs, float* y, float* log_sum, cudaStream_t stream) {
  const int64_t tiles = (call.queries + attention_rows - 1) / attention_rows;
  const dim3 grid(static_cast<uint32_t>(pairs * tiles), static_cast<uint32_t>((call.depth + width - 1) / width));
  launch(attention_forward_kernel<width>, grid, attention_threads, shared_floats<width> * sizeof(float), stream, call,
         y, log_sum);
}

}  // namespace

void CudaKernels::attention_forward(const TensorView& q, const TensorView& k, const TensorView& v,
                                    const TensorView* mask, TensorView& y, TensorView& log_sum, float scale,
                                    bool causal) {
  const char* op = "attention_forward";
  Operands operands(op);
  operands.in("q", q).in("k", k).in("v", v).in("mask", mask).out("y", y).out("log_sum", log_sum);
  const AttentionSizes sizes = require_attention_forward(op, q, k, v, mask, y, log_sum, causal);
  const AttentionCall call = attention_call(sizes, q, k, v, mask, scale, causal);
  const auto run_width = sizes.depth <= 32 ? run<32> : sizes.depth <= 64 ? run<64> : run<128>;
  if (precision_ == Precision::float32) {
    run_width(call, sizes.pairs(), floats(y), floats(log_sum), stream_);
  } else {
    attention_forward_words(call, precision_, sizes.pairs(), floats(y), floats(log_sum), stream_);
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
