// What attention asks of its tensors, on every backend, and the sizes that they tell.
#pragma once

#include "require.h"

namespace retort {
namespace RETORT_ISA {

struct AttentionSizes {
  int64_t batch, heads, queries, keys, depth;

  int64_t pairs() const { return batch * heads; }
};

inline AttentionSizes require_attention(const char* op, const TensorView& q, const TensorView& k, const TensorView& v,
                                        const TensorView* mask, bool causal) {
  require_rank(op, "q", q, 4, "[B, H, S, D]");
  require_rank(op, "k", k, 4, "[B, H, S', D]");
  require_rank(op, "v", v, 4, "[B, H, S', D]");
  require_one_shape(op, "k and v", k, v);
  const AttentionSizes sizes{q.dims[0], q.dims[1], q.dims[2], k.dims[2], q.dims[3]};
  if (k.dims[0] != sizes.batch || k.dims[1] != sizes.heads || k.dims[3] != sizes.depth) {
    refuse(op, "q and k must agree in B, H and D", describe(q), " and ", describe(k));
  }
  if (causal && sizes.queries > sizes.keys) {
    refuse(op, "S must not be over S' where attention is causal", sizes.queries, " over ", sizes.keys);
  }
  if (mask == nullptr) return sizes;
  require_dtype(op, "mask", *mask);
  if (mask->rank != 2 || mask->dims[0] != sizes.batch || mask->dims[1] != sizes.keys) {
    const int64_t wanted[] = {sizes.batch, sizes.keys};
    refuse(op, "mask must be [B, S'] = " + shape_text(2, wanted), describe(*mask));
  }
  return sizes;
}

inline void require_log_sum(const char* op, const AttentionSizes& sizes, const TensorView& log_sum) {
  require_dtype(op, "log_sum", log_sum);
  const int64_t wanted[] = {sizes.batch, sizes.heads, sizes.queries};
  if (log_sum.rank != 3 || shape_text(3, log_sum.dims) != shape_text(3, wanted)) {
    refuse(op, "log_sum must be [B, H, S] = " + shape_text(3, wanted), describe(log_sum));
  }
}

inline AttentionSizes require_attention_forward(const char* op, const TensorView& q, const TensorView& k,
                                                const TensorView& v, const TensorView* mask, const TensorView& y,
                                                const TensorView& log_sum, bool causal) {
  const AttentionSizes sizes = require_attention(op, q, k, v, mask, causal);
  require_dtype(op, "y", y);
  require_one_shape(op, "q and y", q, y);
  require_log_sum(op, sizes, log_sum);
  return sizes;
}

inline AttentionSizes require_attention_backward(const char* op, const TensorView& q, const TensorView& k,
                                                 const TensorView& v, const TensorView* mask, const TensorView& y,
                                                 const TensorView& dy, const TensorView& log_sum, const TensorView& dq,
                                                 const TensorView& dk, const TensorView& dv, bool causal) {
  const AttentionSizes sizes = require_attention_forward(op, q, k, v, mask, y, log_sum, causal);
  require_dtype(op, "dy", dy);
  require_one_shape(op, "y and dy", y, dy);
  require_dtype(op, "dq", dq);
  require_one_shape(op, "q and dq", q, dq);
  require_dtype(op, "dk", dk);
  require_one_shape(op, "k and dk", k, dk);
  require_dtype(op, "dv", dv);
  require_one_shape(op, "v and dv", v, dv);
  return sizes;
}

}  // namespace RETORT_ISA
}  // namespace retort
