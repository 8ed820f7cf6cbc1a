// Attention by tensor cores: for each product both operands rounded to TensorFloat-32 or bfloat16.
#pragma once

#include "device/attention.cuh"
#include "retort/kernels.h"

namespace retort {
namespace RETORT_ISA {

void attention_forward_words(const AttentionCall& call, Precision precision, int64_t pairs, float* y, float* log_sum,
                             cudaStream_t stream);

// Of the pairs from call.first_pair on.
void attention_backward_words(const AttentionCall& call, const AttentionGradient& from, Precision precision,
                              int64_t pairs, float* dq, float* dk, float* dv, cudaStream_t stream);

}  // namespace RETORT_ISA
}  // namespace retort
