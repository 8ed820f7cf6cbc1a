#include "cuda_kernels.h"

namespace retort {
namespace RETORT_ISA {

void CudaKernels::unary_forward(const TensorView&, TensorView&, UnaryOp) {
  refuse("unary_forward", "it must be written", "not yet");
}

void CudaKernels::unary_backward(const TensorView&, const TensorView&, const TensorView&, TensorView&, UnaryOp) {
  refuse("unary_backward", "it must be written", "not yet");
}

}  // namespace RETORT_ISA
}  // namespace retort
