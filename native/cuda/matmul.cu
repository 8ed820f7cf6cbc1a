#include "cuda_kernels.h"

namespace retort {
namespace RETORT_ISA {

void CudaKernels::matmul(const TensorView&, const TensorView&, const TensorView*, TensorView&, bool, bool, Activation) {
  refuse("matmul", "it must be written", "not yet");
}

}  // namespace RETORT_ISA
}  // namespace retort
