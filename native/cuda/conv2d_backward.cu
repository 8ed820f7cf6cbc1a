#include "cuda_kernels.h"

namespace retort {
namespace RETORT_ISA {

void CudaKernels::conv2d_backward_input(const TensorView&, const TensorView&, TensorView&, const Window&, int32_t) {
  refuse("conv2d_backward_input", "it must be written", "not yet");
}

void CudaKernels::conv2d_backward_weight(const TensorView&, const TensorView&, TensorView&, const Window&, int32_t) {
  refuse("conv2d_backward_weight", "it must be written", "not yet");
}

}  // namespace RETORT_ISA
}  // namespace retort
