#include "cuda_kernels.h"

namespace retort {
namespace RETORT_ISA {

void CudaKernels::conv2d_forward(const TensorView&, const TensorView&, const TensorView*, TensorView&, const Window&,
                                 int32_t, Activation) {
  refuse("conv2d_forward", "it must be written", "not yet");
}

void CudaKernels::conv2d_max_pool2d_forward(const TensorView&, const TensorView&, const TensorView*, TensorView&,
                                            TensorView*, const Window&, int32_t, Activation, const Window&) {
  refuse("conv2d_max_pool2d_forward", "it must be written", "not yet");
}

}  // namespace RETORT_ISA
}  // namespace retort
