// Attention in blocks (Dao 2023): for each block of queries the keys come block by block, and what the softmax of the
// scores needs of all of them (their maximum, their sum, the weighted sum of v) is corrected as the maximum grows. So
// no more than one block of scores is in memory at a time.
#include "require/attention.h"

#include "attention_blocks.h"
#include "cpu_kernels.h"
#include "pack.h"
#include "vector_math.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr float infinity = __builtin_inff();

// What a row of scores [n], of which it sees the first `visible`, does to its maximum and sum; the scores become their
// powers. Returns by what the earlier sums must be multiplied.
__attribute__((noinline)) float take_scores(float* score, const float* mask, int64_t visible, int64_t n, float scale,
                                            float& most, float& sum) {
  float best = most;
  if (mask != nullptr) {
#pragma omp simd reduction(max : best)
    for (int64_t j = 0; j < visible; ++j) {
      const float value = score[j] * scale + mask[j];
      score[j] = value;
      best = value > best ? value : best;
    }
  } else {
#pragma omp simd reduction(max : best)
    for (int64_t j = 0; j < visible; ++j) {
      const float value = score[j] * scale;
      score[j] = value;
      best = value > best ? value : best;
    }
  }
  // While nothing is seen the maximum is -infinity, and a difference to it would be NaN.
  const float level = best == -infinity ? 0.0f : best;
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t j = 0; j < visible; ++j) {
    const float power = exp(score[j] - level);
    score[j] = power;
    total += power;
  }
  for (int64_t j = visible; j < n; ++j) score[j] = 0;
  const float correction = exp(most - level);
  sum = sum * correction + total;
  most = best;
  return correction;
}

struct Forward {
  AttentionSizes sizes;
  const float *q, *k, *v, *mask;
  float *y, *log_sum;
  float scale;
  bool causal;

  void run(int64_t pair, int64_t block) const {
    const int64_t depth = sizes.depth, width = whole_vectors(depth);
    const int64_t first = block * attention_block, rows = least(attention_block, sizes.queries - first);
    const float* keys = k + pair * sizes.keys * depth;
    const float* values = v + pair * sizes.keys * depth;
    const float* masks = mask ? mask + pair / sizes.heads * sizes.keys : nullptr;
    const float* queries = q + (pair * sizes.queries + first) * depth;
    const int64_t floats_of_block = attention_block * width;
    float* const memory = scratch(0, 3 * floats_of_block + attention_block * attention_block);
    float *const turned = memory, *const padded = turned + floats_of_block, *const sums = padded + floats_of_block;
    float* const scores = sums + floats_of_block;
    float most[attention_block], total[attention_block];
    for (int64_t i = 0; i < rows; ++i) most[i] = -infinity, total[i] = 0;
    std::memset(sums, 0, static_cast<size_t>(rows * width) * sizeof(float));
    // The last key that a row sees, without the limit of the others.
    const int64_t ahead = sizes.keys - sizes.queries;
    const int64_t end = causal ? least(sizes.keys, first + rows + ahead) : sizes.keys;
    for (int64_t key = 0; key < end; key += attention_block) {
      const int64_t n = least(attention_block, end - key);
      transpose_copy(keys + key * depth, depth, n, depth, turned, attention_block);
      multiply_block(queries, depth, rows, turned, attention_block, depth, scores, attention_block, whole_vectors(n),
                     false);
      for (int64_t i = 0; i < rows; ++i) {
        const int64_t seen = causal ? first + i + ahead + 1 - key : n;
        const int64_t visible = seen < 0 ? 0 : least(seen, n);
        const float correction = take_scores(scores + i * attention_block, masks ? masks + key : nullptr, visible, n,
                                             scale, most[i], total[i]);
        float* const sum = sums + i * width;
#pragma omp simd
        for (int64_t d = 0; d < width; ++d) sum[d] *= correction;
      }
      const float* rows_of_v = values + key * depth;
      if (width != depth) {
        copy_rows(rows_of_v, depth, n, depth, padded, width);
        rows_of_v = padded;
      }
      multiply_block(scores, attention_block, rows, rows_of_v, width, n, sums, width, width, true);
    }
    for (int64_t i = 0; i < rows; ++i) {
      const float share = total[i] == 0 ? 0.0f : 1.0f / total[i];
      float* const to = y + (pair * sizes.queries + first + i) * depth;
      for (int64_t d = 0; d < depth; ++d) to[d] = sums[i * width + d] * share;
      log_sum[pair * sizes.queries + first + i] = most[i] + log(total[i]);
    }
  }
};

}  // namespace

void CpuKernels::attention_forward(const TensorView& q, const TensorView& k, const TensorView& v,
                                   const TensorView* mask, TensorView& y, TensorView& log_sum, float scale,
                                   bool causal) {
  const char* op = "attention_forward";
  const AttentionSizes sizes = require_attention_forward(op, q, k, v, mask, y, log_sum, causal);
  const Forward forward{sizes,     floats(q),       floats(k), floats(v), mask ? floats(*mask) : nullptr,
                        floats(y), floats(log_sum), scale,     causal};
  const int64_t blocks = ceil_div(sizes.queries, attention_block);
  parallel(threads_, sizes.pairs() * blocks, [&](int64_t chunk) { forward.run(chunk / blocks, chunk % blocks); });
}

}  // namespace RETORT_ISA
}  // namespace retort
