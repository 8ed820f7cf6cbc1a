#include "cpu_kernels.h"
#include "require.h"

namespace retort {
namespace RETORT_ISA {

void CpuKernels::matmul_int8(const TensorView&, const TensorView&, const TensorView&, const TensorView*, TensorView&,
                             Activation) {
  refuse("matmul_int8", "it must be written", "not yet");
}

}  // namespace RETORT_ISA
}  // namespace retort
