#include "cpu_kernels.h"

namespace retort {
namespace RETORT_ISA {

// Every call is done when it returns.
void CpuKernels::synchronize() {}

Kernels* create_kernels(int32_t threads) { return new CpuKernels(threads); }

}  // namespace RETORT_ISA
}  // namespace retort
