// The gradients of attention (Dao 2023) in float32, without a matrix of scores in memory and without atomics: one
// launch sums dy·y of each query, one gives dk and dv (a block has 64 keys and goes through the queries), one gives dq
// (a block has 64 queries and goes through the keys); both compute the scores anew from log_sum. Heads wider than a
// tile are cut into tiles of columns, as forward. Bound by arithmetic: 14·S·S'·D operations a head.
#include <algorithm>

#include "attention_words.h"
#include "cuda_kernels.h"
#include "device/attention.cuh"
#include "device/sum.cuh"
#include "require/attention.h"

namespace retort {
namespace RETORT_ISA {
namespace {

// delta[row] = Σ dy·y, a warp a row.
__global__ void __launch_bounds__(attention_threads)
    attention_delta_kernel(const float* y, const float* dy, float* delta, int64_t rows, int32_t depth) {
  const int64_t row = int64_t{blockIdx.x} * (attention_threads / warp_size) + threadIdx.x / warp_size;
  if (row >= rows) return;
  float sum = 0;
  for (int32_t d = threadIdx.x % warp_size; d < depth; d += warp_size) sum += y[row * depth + d] * dy[row * depth + d];
  sum = warp_reduce(sum, Add{});
  if (threadIdx.x % warp_size == 0) delta[row] = sum;
}

// The weight of a score; 0 where nothing was seen, whose log_sum is -infinity as its scores are.
__device__ __forceinline__ float weight_of(float score, float log_sum) {
  return score == -INFINITY ? 0.0f : expf(score - log_sum);
}

template <int32_t width>
constexpr size_t shared_floats = 4 * tile_floats<width> + attention_rows* score_stride;

template <int32_t width>
__global__ void __launch_bounds__(attention_threads, 1)
    attention_backward_keys_kernel(const AttentionCall call, const AttentionGradient from, float* dk, float* dv) {
  RETORT_SHARED(float, shared);
  float *const key_tile = shared, *const value_tile = key_tile + tile_floats<width>;
  float *const query_tile = value_tile + tile_floats<width>, *const dy_tile = query_tile + tile_floats<width>;
  float* const weights = dy_tile + tile_floats<width>;
  const int32_t x = threadIdx.x % 16, thread_row = threadIdx.x / 16;
  const int32_t tiles = (call.keys + attention_rows - 1) / attention_rows;
  const int64_t pair = call.first_pair + blockIdx.x / tiles;
  const int32_t key = static_cast<int32_t>(blockIdx.x % tiles) * attention_rows;
  const int32_t column = static_cast<int32_t>(blockIdx.y) * width, depth = call.depth;
  const int64_t keys_at = (pair * call.keys + key) * depth;
  const float* const mask = call.mask_of(pair);
  const float* const delta = from.delta + (pair - call.first_pair) * call.queries;

  Sums<width> sums_k, sums_v;
  sums_k.clear();
  sums_v.clear();
  // Earlier queries see none of these keys.
  const int32_t seen_from = call.causal ? key - (call.keys - call.queries) : 0;
  const int32_t begin = seen_from > 0 ? seen_from / attention_rows * attention_rows : 0;
  for (int32_t first = begin; first < call.queries; first += attention_rows) {
    const int64_t queries_at = (pair * call.queries + first) * depth;
    const int32_t queries = call.queries - first, keys = call.keys - key;
    Scores scores = {}, gradients = {};
    for (int32_t part = 0; part < depth; part += width) {
      // The tiles may be filled again when every thread is done with them.
      __syncthreads();
      if (first == begin || depth > width) {
        load_tile<width>(key_tile, call.k + keys_at + part, keys, depth - part, depth, call.in_fours);
        load_tile<width>(value_tile, call.v + keys_at + part, keys, depth - part, depth, call.in_fours);
      }
      load_tile<width>(query_tile, call.q + queries_at + part, queries, depth - part, depth, call.in_fours);
      load_tile<width>(dy_tile, from.dy + queries_at + part, queries, depth - part, depth, call.in_fours);
      // Every thread's part of the tiles must be there.
      __syncthreads();
      add_products<width>(scores, key_tile, query_tile);
      add_products<width>(gradients, value_tile, dy_tile);
    }
#pragma unroll
    for (int32_t j = 0; j < attention_share; ++j) {
      const int32_t query = first + x + 16 * j;
      const bool there = query < call.queries;
      const float level = there ? from.log_sum[pair * call.queries + query] : 0.0f;
      const float less = there ? delta[query] : 0.0f;
#pragma unroll
      for (int32_t i = 0; i < attention_share; ++i) {
        const float score = call.score(scores[i][j], mask, query, key + thread_row + 16 * i);
        scores[i][j] = there ? weight_of(score, level) : 0.0f;
        gradients[i][j] = scores[i][j] * (gradients[i][j] - less) * call.scale;
      }
    }
    if (depth > width) {
      // The last part must have been read by every thread before the block's own columns take its place.
      __syncthreads();
      load_tile<width>(query_tile, call.q + queries_at + column, queries, depth - column, depth, call.in_fours);
      load_tile<width>(dy_tile, from.dy + queries_at + column, queries, depth - column, depth, call.in_fours);
    }
    store_scores(scores, weights);
    // The weights, and these tiles, must be there.
    __syncthreads();
    sums_v.add(weights, dy_tile);
    // The weights must have been read before the gradients take their place.
    __syncthreads();
    store_scores(gradients, weights);
    __syncthreads();
    sums_k.add(weights, query_tile);
  }
  sums_k.store(dk + keys_at + column, call.keys - key, depth - column, depth);
  sums_v.store(dv + keys_at + column, call.keys - key, depth - column, depth);
}

template <int32_t width>
__global__ void __launch_bounds__(attention_threads, 1)
    attention_backward_queries_kernel(const AttentionCall call, const AttentionGradient from, float* dq) {
  RETORT_SHARED(float, shared);
  float *const query_tile = shared, *const dy_tile = query_tile + tile_floats<width>;
  float *const key_tile = dy_tile + tile_floats<width>, *const value_tile = key_tile + tile_floats<width>;
  float* const weights = value_tile + tile_floats<width>;
  const int32_t x = threadIdx.x % 16, thread_row = threadIdx.x / 16;
  const int32_t tiles = (call.queries + attention_rows - 1) / attention_rows;
  const int64_t pair = call.first_pair + blockIdx.x / tiles;
  const int32_t first = static_cast<int32_t>(blockIdx.x % tiles) * attention_rows;
  const int32_t column = static_cast<int32_t>(blockIdx.y) * width, depth = call.depth;
  const int64_t queries_at = (pair * call.queries + first) * depth;
  const float* const mask = call.mask_of(pair);
  float level[attention_share], less[attention_share];
#pragma unroll
  for (int32_t i = 0; i < attention_share; ++i) {
    const int32_t query = first + thread_row + 16 * i;
    const bool there = query < call.queries;
    level[i] = there ? from.log_sum[pair * call.queries + query] : 0.0f;
    less[i] = there ? from.delta[(pair - call.first_pair) * call.queries + query] : 0.0f;
  }
  const int32_t last = first + attention_rows + call.keys - call.queries;
  const int32_t end = call.causal && last < call.keys ? last : call.keys;

  Sums<width> sums;
  sums.clear();
  for (int32_t key = 0; key < end; key += attention_rows) {
    const int64_t keys_at = (pair * call.keys + key) * depth;
    const int32_t queries = call.queries - first, keys = call.keys - key;
    Scores scores = {}, gradients = {};
    for (int32_t part = 0; part < depth; part += width) {
      // The tiles may be filled again when every thread is done with them.
      __syncthreads();
      if (key == 0 || depth > width) {
        load_tile<width>(query_tile, call.q + queries_at + part, queries, depth - part, depth, call.in_fours);
        load_tile<width>(dy_tile, from.dy + queries_at + part, queries, depth - part, depth, call.in_fours);
      }
      load_tile<width>(key_tile, call.k + keys_at + part, keys, depth - part, depth, call.in_fours);
      load_tile<width>(value_tile, call.v + keys_at + part, keys, depth - part, depth, call.in_fours);
      // Every thread's part of the tiles must be there.
      __syncthreads();
      add_products<width>(scores, query_tile, key_tile);
      add_products<width>(gradients, dy_tile, value_tile);
    }
#pragma unroll
    for (int32_t i = 0; i < attention_share; ++i) {
#pragma unroll
      for (int32_t j = 0; j < attention_share; ++j) {
        const float score = call.score(scores[i][j], mask, first + thread_row + 16 * i, key + x + 16 * j);
        gradients[i][j] = weight_of(score, level[i]) * (gradients[i][j] - less[i]) * call.scale;
      }
    }
    if (depth > width) {
      // The last part must have been read by every thread before the block's own columns take its place.
      __syncthreads();
      load_tile<width>(key_tile, call.k + keys_at + column, keys, depth - column, depth, call.in_fours);
    }
    store_scores(gradients, weights);
    // The gradients of the scores, and this tile, must be there.
    __syncthreads();
    sums.add(weights, key_tile);
  }
  sums.store(dq + queries_at + column, call.queries - first, depth - column, depth);
}

template <int32_t width>
void run(const AttentionCall& call, const AttentionGradient& from, int64_t pairs, float* dq, float* dk, float* dv,
         cudaStream_t stream) {
  const auto columns = static_cast<uint32_t>((call.depth + width - 1) / width);
  const auto blocks = [=](int32_t rows) {
    return dim3(static_cast<uint32_t>(pairs * ((rows + attention_rows - 1) / attention_rows)), columns);
  };
  const size_t bytes = shared_floats<width> * sizeof(float);
  launch(attention_backward_keys_kernel<width>, blocks(call.keys), attention_threads, bytes, stream, call, from, dk,
         dv);
  launch(attention_backward_queries_kernel<width>, blocks(call.queries), attention_threads, bytes, stream, call, from,
         dq);
}

}  // namespace

void CudaKernels::attention_backward(const TensorView& q, const TensorView& k, const TensorView& v,
                                     const TensorView* mask, const TensorView& y, const TensorView& dy,
                                     const TensorView& log_sum, TensorView& dq, TensorView& dk, TensorView& dv,
                                     float scale, bool causal) {
  const char* op = "attention_backward";
  Operands operands(op);
  operands.in("q", q).in("k", k).in("v", v).in("mask", mask).in("y", y).in("dy", dy).in("log_sum", log_sum);
  operands.out("dq", dq).out("dk", dk).out("dv", dv).scratch(scratch_, scratch_bytes_);
  const AttentionSizes sizes = require_attention_backward(op, q, k, v, mask, y, dy, log_sum, dq, dk, dv, causal);
  AttentionCall call = attention_call(sizes, q, k, v, mask, scale, causal);
  call.in_fours = call.in_fours && reads_in_fours(sizes, dy);
  // As many heads at a time as the scratch memory has room for their queries.
  const int64_t row_bytes = sizes.queries * static_cast<int64_t>(sizeof(float));
  const int64_t together = std::min(std::max<int64_t>(scratch_bytes_ / row_bytes, 1), sizes.pairs());
  float* const delta = scratch<float>(op, together * sizes.queries);
  // Four tiles of 128 columns are more shared memory than the GPUs between these have.
  const bool wide = architecture_ == 80 || (architecture_ >= 90 && architecture_ < 120);
  const auto run_width = sizes.depth <= 32 ? run<32> : sizes.depth <= 64 || !wide ? run<64> : run<128>;
  constexpr int64_t rows_of_block = attention_threads / warp_size;
  for (int64_t first = 0; first < sizes.pairs(); first += together) {
    const int64_t pairs = std::min(together, sizes.pairs() - first), rows = pairs * sizes.queries;
    const int64_t from_row = first * sizes.queries * sizes.depth;
    call.first_pair = first;
    launch(attention_delta_kernel, static_cast<uint32_t>((rows + rows_of_block - 1) / rows_of_block), attention_threads,
           0, stream_, floats(y) + from_row, floats(dy) + from_row, delta, rows, call.depth);
    const AttentionGradient from{floats(dy), floats(log_sum), delta};
    if (precision_ == Precision::float32) {
      run_width(call, from, pairs, floats(dq), floats(dk), floats(dv), stream_);
    } else {
      attention_backward_words(call, from, precision_, pairs, floats(dq), floats(dk), floats(dv), stream_);
    }
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
