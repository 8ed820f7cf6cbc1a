#include "cpu_kernels.h"
#include "require.h"

namespace retort {
namespace RETORT_ISA {

void CpuKernels::embedding_forward(const TensorView&, const TensorView&, TensorView&) {
  refuse("embedding_forward", "it must be written", "not yet");
}

void CpuKernels::embedding_backward(const TensorView&, const TensorView&, TensorView&) {
  refuse("embedding_backward", "it must be written", "not yet");
}

}  // namespace RETORT_ISA
}  // namespace retort
