#include "cuda_kernels.h"

namespace retort {
namespace RETORT_ISA {

void CudaKernels::binary(const TensorView&, const TensorView&, TensorView&, BinaryOp) {
  refuse("binary", "it must be written", "not yet");
}

}  // namespace RETORT_ISA
}  // namespace retort
