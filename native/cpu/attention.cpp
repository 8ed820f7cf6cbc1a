#include "cpu_kernels.h"
#include "require.h"

namespace retort {
namespace RETORT_ISA {

void CpuKernels::attention_forward(const TensorView&, const TensorView&, const TensorView&, const TensorView*,
                                   TensorView&, TensorView&, float, bool) {
  refuse("attention_forward", "it must be written", "not yet");
}

void CpuKernels::attention_backward(const TensorView&, const TensorView&, const TensorView&, const TensorView*,
                                    const TensorView&, const TensorView&, const TensorView&, TensorView&, TensorView&,
                                    TensorView&, float, bool) {
  refuse("attention_backward", "it must be written", "not yet");
}

}  // namespace RETORT_ISA
}  // namespace retort
