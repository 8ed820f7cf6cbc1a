// The CPU backend: how it is made and what it says of itself.
#pragma once

#include <cstdint>

#include "kernels.h"

namespace retort {

// Kernels for this processor. Each call is shared among at most `threads` threads of the process's one pool, the caller
// among them; calls from different threads may overlap when they write different tensors.
// The environment variable RETORT_ISA (baseline, avx2, avx512) names the instruction set to use instead of the best
// one; one that the processor lacks is refused.
Kernels* create_cpu_kernels(int32_t threads);
void destroy_kernels(Kernels* kernels);

// Zeroed memory, aligned to a cache line, in huge pages where the system grants them (a matrix read down its columns
// touches a page a row). Throws std::bad_alloc. bytes must be at least 1.
void* allocate_memory(int64_t bytes);
void release_memory(void* memory);

// What the CPU backend found: "x86-64-v4, OpenBLAS Cooperlake", with a hint when OPENBLAS_CORETYPE holds it below what
// the processor can do. The text lives as long as the process.
const char* describe_cpu();

// Bytes that the CPU backend holds now beside the tensors (packing buffers).
int64_t cpu_scratch_bytes();

}  // namespace retort
