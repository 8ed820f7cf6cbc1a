// The gradients of attention, in blocks of keys and of queries (Dao 2023): the scores are computed anew from q, k and
// log_sum, turned, with a row for each key. A chunk is one head of one sample, so that no two threads meet in dq.
#include "attention_blocks.h"
#include "cpu_kernels.h"
#include "pack.h"
#include "require/attention.h"
#include "vector_math.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr float infinity = __builtin_inff();

// Of one key: its scores and dy·v, both over the queries, become the weights and the gradients of the scores. The
// queries before `from` do not see it.
__attribute__((noinline)) void take_row(float* score, float* gradient, const float* level, const float* delta,
                                        int64_t from, int64_t n, float scale, float mask) {
  for (int64_t i = 0; i < from; ++i) score[i] = gradient[i] = 0;
#pragma omp simd
  for (int64_t i = from; i < n; ++i) {
    const float weight = exp(score[i] * scale + mask - level[i]);
    score[i] = weight;
    gradient[i] = weight * (gradient[i] - delta[i]) * scale;
  }
}

struct Backward {
  AttentionSizes sizes;
  const float *q, *k, *v, *mask, *y, *dy, *log_sum;
  float *dq, *dk, *dv;
  float scale;
  bool causal;

  void run(int64_t pair) const {
    const int64_t depth = sizes.depth, width = whole_vectors(depth), block = attention_block;
    const int64_t blocks = ceil_div(sizes.queries, block), queries = blocks * block;
    float* memory =
        scratch(0, 2 * queries * depth + 3 * queries * width + 2 * queries + 3 * block * width + 3 * block * block);
    auto take = [&memory](int64_t floats) { return (memory += floats) - floats; };
    float *const turned_q = take(queries * depth), *const turned_dy = take(queries * depth);
    float *const sums = take(queries * width), *const padded_q = take(queries * width);
    float *const padded_dy = take(queries * width), *const level = take(queries), *const delta = take(queries);
    float *const sums_k = take(block * width), *const sums_v = take(block * width);
    float* const padded_k = take(block * width);
    float *const scores = take(block * block), *const gradients = take(block * block);
    float* const turned = take(block * block);

    const int64_t row = pair * sizes.queries;
    const float *rows_q = q + row * depth, *rows_dy = dy + row * depth;
    for (int64_t b = 0; b < blocks; ++b) {
      const int64_t first = b * block, n = least(block, sizes.queries - first);
      transpose_copy(rows_q + first * depth, depth, n, depth, turned_q + first * depth, block);
      transpose_copy(rows_dy + first * depth, depth, n, depth, turned_dy + first * depth, block);
    }
    for (int64_t i = 0; i < sizes.queries; ++i) {
      const float *a = y + (row + i) * depth, *c = rows_dy + i * depth;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t d = 0; d < depth; ++d) sum += a[d] * c[d];
      delta[i] = sum;
      // A row that saw nothing: the power of anything less infinity is 0.
      level[i] = log_sum[row + i] == -infinity ? infinity : log_sum[row + i];
    }
    if (width != depth) {
      copy_rows(rows_q, depth, sizes.queries, depth, padded_q, width);
      copy_rows(rows_dy, depth, sizes.queries, depth, padded_dy, width);
      rows_q = padded_q, rows_dy = padded_dy;
    }
    std::memset(sums, 0, static_cast<size_t>(sizes.queries * width) * sizeof(float));

    const int64_t ahead = sizes.keys - sizes.queries;
    for (int64_t key = 0; key < sizes.keys; key += block) {
      const int64_t keys = least(block, sizes.keys - key), place = (pair * sizes.keys + key) * depth;
      const float* rows_k = k + place;
      if (width != depth) {
        copy_rows(k + place, depth, keys, depth, padded_k, width);
        rows_k = padded_k;
      }
      std::memset(sums_k, 0, static_cast<size_t>(keys * width) * sizeof(float));
      std::memset(sums_v, 0, static_cast<size_t>(keys * width) * sizeof(float));
      for (int64_t b = causal && key > ahead ? (key - ahead) / block : 0; b < blocks; ++b) {
        const int64_t first = b * block, n = least(block, sizes.queries - first), columns = whole_vectors(n);
        multiply_block(k + place, depth, keys, turned_q + first * depth, block, depth, scores, block, columns, false);
        multiply_block(v + place, depth, keys, turned_dy + first * depth, block, depth, gradients, block, columns,
                       false);
        for (int64_t j = 0; j < keys; ++j) {
          const int64_t unseen = causal ? key + j - ahead - first : 0;
          take_row(scores + j * block, gradients + j * block, level + first, delta + first,
                   unseen < 0 ? 0 : least(unseen, n), n, scale,
                   mask ? mask[pair / sizes.heads * sizes.keys + key + j] : 0.0f);
        }
        multiply_block(scores, block, keys, rows_dy + first * width, width, n, sums_v, width, width, true);
        multiply_block(gradients, block, keys, rows_q + first * width, width, n, sums_k, width, width, true);
        transpose_copy(gradients, block, keys, n, turned, block);
        multiply_block(turned, block, n, rows_k, width, keys, sums + first * width, width, width, true);
      }
      copy_rows(sums_k, width, keys, depth, dk + place, depth);
      copy_rows(sums_v, width, keys, depth, dv + place, depth);
    }
    copy_rows(sums, width, sizes.queries, depth, dq + row * depth, depth);
  }
};

}  // namespace

void CpuKernels::attention_backward(const TensorView& q, const TensorView& k, const TensorView& v,
                                    const TensorView* mask, const TensorView& y, const TensorView& dy,
                                    const TensorView& log_sum, TensorView& dq, TensorView& dk, TensorView& dv,
                                    float scale, bool causal) {
  const char* op = "attention_backward";
  const AttentionSizes sizes = require_attention_backward(op, q, k, v, mask, y, dy, log_sum, dq, dk, dv, causal);
  const Backward backward{sizes,      floats(q),  floats(k),       floats(v),  mask ? floats(*mask) : nullptr,
                          floats(y),  floats(dy), floats(log_sum), floats(dq), floats(dk),
                          floats(dv), scale,      causal};
  parallel(threads_, sizes.pairs(), [&](int64_t pair) { backward.run(pair); });
}

}  // namespace RETORT_ISA
}  // namespace retort
