// The widest vector of this instruction set as a type of GCC's, for the few loops that the compiler does not vectorise by
// itself. Used inside functions only: passed between them its layout would depend on flags.
#pragma once

#include <cstdint>

namespace retort {
namespace RETORT_ISA {

#if defined(__AVX512F__)
#define RETORT_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define RETORT_VECTOR_BYTES 32
#else
#define RETORT_VECTOR_BYTES 16
#endif

typedef float Vector __attribute__((vector_size(RETORT_VECTOR_BYTES)));
typedef int32_t IntVector __attribute__((vector_size(RETORT_VECTOR_BYTES)));
// In memory, at any address of a float.
typedef float LooseVector __attribute__((vector_size(RETORT_VECTOR_BYTES), aligned(4), may_alias));

constexpr int64_t vector_width = RETORT_VECTOR_BYTES / sizeof(float);

}  // namespace RETORT_ISA
}  // namespace retort
