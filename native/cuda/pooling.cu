#include "cuda_kernels.h"

namespace retort {
namespace RETORT_ISA {

void CudaKernels::max_pool2d_forward(const TensorView&, TensorView&, TensorView&, const Window&) {
  refuse("max_pool2d_forward", "it must be written", "not yet");
}

void CudaKernels::max_pool2d_backward(const TensorView&, const TensorView&, TensorView&, const Window&) {
  refuse("max_pool2d_backward", "it must be written", "not yet");
}

void CudaKernels::avg_pool2d_forward(const TensorView&, TensorView&, const Window&) {
  refuse("avg_pool2d_forward", "it must be written", "not yet");
}

void CudaKernels::avg_pool2d_backward(const TensorView&, TensorView&, const Window&) {
  refuse("avg_pool2d_backward", "it must be written", "not yet");
}

}  // namespace RETORT_ISA
}  // namespace retort
