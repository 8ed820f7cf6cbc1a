// The fused distillation loss: a block a row. The row is read once where it fits the block's registers (most classes
// that one meets), and its two softmaxes, the divergence and the gradient come from there; a longer row is read again.
// Bound by memory: 12 bytes a logit (two reads and a write) for a few dozen operations.
#include "cuda_kernels.h"
#include "device/sum.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {}  // namespace

void CudaKernels::softmax_kl(const TensorView&, const TensorView&, const TensorView&, TensorView&, TensorView&) {
  refuse("softmax_kl", "it must be written", "not yet");
}

}  // namespace RETORT_ISA
}  // namespace retort
