#include "cpu_kernels.h"
#include "require.h"

namespace retort {
namespace RETORT_ISA {

void CpuKernels::layer_norm_forward(const TensorView&, const TensorView&, const TensorView&, TensorView&, TensorView&,
                                    TensorView&, float) {
  refuse("layer_norm_forward", "it must be written", "not yet");
}

void CpuKernels::layer_norm_backward(const TensorView&, const TensorView&, const TensorView&, const TensorView&,
                                     const TensorView&, TensorView&, TensorView&, TensorView&) {
  refuse("layer_norm_backward", "it must be written", "not yet");
}

}  // namespace RETORT_ISA
}  // namespace retort
