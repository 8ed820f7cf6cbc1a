// The gradients of attention (Dao 2023) by tensor cores, in two launches of one kernel: a block has 64 keys and goes
// through the queries for dk and dv, or 64 queries and goes through the keys for dq; 32 of the others at a time, a warp
// 16 of its own. Both compute the scores anew from log_sum; no atomics. Heads wider than 128 are cut into tiles of
// columns, as in attention.cu. Bound by tensor cores and by the reads of shared memory that feed them.
#include "attention_words.h"
#include "device/attention_words.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t other_rows = 32, other_tiles = other_rows / 8;

// own and others: how many there are of what a block's rows stand for, and of what it goes through.
template <typename Words, int32_t width, bool of_keys>
__global__ void __launch_bounds__(word_threads, 2)
    attention_backward_words_kernel(const AttentionCall call, const AttentionGradient from, float* dq, float* dk,
                                    float* dv) {
  constexpr int32_t own_words = attention_rows * word_stride<Words, width>;
  constexpr int32_t other_words = other_rows * word_stride<Words, width>;
  RETORT_SHARED(uint32_t, shared);
  // Rows of k and v, or of q and dy; of the others it is the other way round.
  uint32_t *const own_tile = shared, *const own_second = own_tile + own_words;
  uint32_t *const other_tile = own_second + own_words, *const other_second = other_tile + other_words;
  const int32_t lane = threadIdx.x % warp_size, row = static_cast<int32_t>(threadIdx.x) / warp_size * fragment_rows;
  const int32_t own = of_keys ? call.keys : call.queries, others = of_keys ? call.queries : call.keys;
  const int32_t tiles = (own + attention_rows - 1) / attention_rows;
  const int64_t pair = call.first_pair + blockIdx.x / tiles;
  const int32_t first = static_cast<int32_t>(blockIdx.x % tiles) * attention_rows;
  const int32_t column = static_cast<int32_t>(blockIdx.y) * width, depth = call.depth;
  const int64_t own_at = (pair * own + first) * depth, others_at = pair * others * depth;
  const float* const own_rows = (of_keys ? call.k : call.q) + own_at;
  const float* const own_seconds = (of_keys ? call.v : from.dy) + own_at;
  const float* const other_rows_at = (of_keys ? call.q : call.k) + others_at;
  const float* const other_seconds_at = (of_keys ? from.dy : call.v) + others_at;
  const float* const mask = call.mask_of(pair);
  const float* const log_sum = from.log_sum + pair * call.queries;
  const float* const delta = from.delta + (pair - call.first_pair) * call.queries;

  // Earlier queries see none of these keys; these queries see no later keys.
  const int32_t ahead = call.keys - call.queries;
  const int32_t begin = of_keys && call.causal && first > ahead ? (first - ahead) / other_rows * other_rows : 0;
  const int32_t last = first + attention_rows + ahead;
  const int32_t end = !of_keys && call.causal && last < others ? last : others;

  float sums[width / 8][4] = {}, sums_v[width / 8][4] = {};
  for (int32_t other = begin; other < end; other += other_rows) {
    float scores[other_tiles][4] = {}, gradients[other_tiles][4] = {};
    const int64_t at = int64_t{other} * depth;
    for (int32_t part = 0; part < depth; part += width) {
      // The tiles may be filled again when every warp is done with them.
      __syncthreads();
      if (other == begin || depth > width) {
        load_words<Words, width, attention_rows>(own_tile, own_rows + part, own - first, depth - part, depth,
                                                 call.in_fours);
        load_words<Words, width, attention_rows>(own_second, own_seconds + part, own - first, depth - part, depth,
                                                 call.in_fours);
      }
      load_words<Words, width, other_rows>(other_tile, other_rows_at + at + part, others - other, depth - part, depth,
                                           call.in_fours);
      load_words<Words, width, other_rows>(other_second, other_seconds_at + at + part, others - other, depth - part,
                                           depth, call.in_fours);
      // Every thread's part of the tiles must be there.
      __syncthreads();
      multiply_rows<Words, width>(scores, own_tile, row, other_tile);
      multiply_rows<Words, width>(gradients, own_second, row, other_second);
    }
#pragma unroll
    for (int32_t n = 0; n < other_tiles; ++n) {
#pragma unroll
      for (int32_t i = 0; i < 4; ++i) {
        const int32_t mine = first + row + lane / 4 + i / 2 * 8, theirs = other + 8 * n + lane % 4 * 2 + i % 2;
        const int32_t query = of_keys ? theirs : mine, key = of_keys ? mine : theirs;
        const bool there = query < call.queries;
        const float score = call.score(scores[n][i], mask, query, key);
        // What saw nothing has a log_sum of -infinity, as its scores are.
        const bool counts = there && score != -INFINITY;
        scores[n][i] = counts ? power(score - log_sum[query]) : 0.0f;
        gradients[n][i] = counts ? scores[n][i] * (gradients[n][i] - delta[query]) * call.scale : 0.0f;
      }
    }
    if (depth > width) {
      // The last part must have been read by every warp before the block's own columns take its place.
      __syncthreads();
      load_words<Words, width, other_rows>(other_tile, other_rows_at + at + column, others - other, depth - column,
                                           depth, call.in_fours);
      load_words<Words, width, other_rows>(other_second, other_seconds_at + at + column, others - other, depth - column,
                                           depth, call.in_fours);
      // Every thread's part of the tiles must be there.
      __syncthreads();
    }
    add_weighted<Words, width>(sums, gradients, other_tile);
    if (of_keys) add_weighted<Words, width>(sums_v, scores, other_second);
  }
  const int64_t to = own_at + int64_t{row} * depth + column;
  store_sums(sums, (of_keys ? dk : dq) + to, own - first - row, depth - column, depth);
  if (of_keys) store_sums(sums_v, dv + to, own - first - row, depth - column, depth);
}

template <typename Words, int32_t width>
void run(const AttentionCall& call, const AttentionGradient& from, int64_t pairs, float* dq, float* dk, float* dv,
         cudaStream_t stream) {
  const auto columns = static_cast<uint32_t>((call.depth + width - 1) / width);
  const auto blocks = [=](int32_t rows) {
    return dim3(static_cast<uint32_t>(pairs * ((rows + attention_rows - 1) / attention_rows)), columns);
  };
  const size_t bytes = 2 * (attention_rows + other_rows) * word_stride<Words, width> * sizeof(uint32_t);
  launch(attention_backward_words_kernel<Words, width, true>, blocks(call.keys), word_threads, bytes, stream, call,
         from, dq, dk, dv);
  launch(attention_backward_words_kernel<Words, width, false>, blocks(call.queries), word_threads, bytes, stream, call,
         from, dq, dk, dv);
}

template <typename Words>
void run(const AttentionCall& call, const AttentionGradient& from, int64_t pairs, float* dq, float* dk, float* dv,
         cudaStream_t stream) {
  const auto run_width = call.depth <= 32 ? run<Words, 32> : call.depth <= 64 ? run<Words, 64> : run<Words, 128>;
  run_width(call, from, pairs, dq, dk, dv, stream);
}

}  // namespace

void attention_backward_words(const AttentionCall& call, const AttentionGradient& from, Precision precision,
                              int64_t pairs, float* dq, float* dk, float* dv, cudaStream_t stream) {
  const auto run_words = precision == Precision::tf32 ? run<Tf32Words> : run<Bfloat16Words>;
  run_words(call, from, pairs, dq, dk, dv, stream);
}

}  // namespace RETORT_ISA
}  // namespace retort
