// Pooling with kernel 2×2, stride 2 and no padding, one plane at a time: x [height, width], y [height/2, width/2].
#pragma once

#include <cstdint>

namespace retort {
namespace RETORT_ISA {

void max_by_two(const float* x, int64_t height, int64_t width, float* y, int32_t* index);
// Without the places; false, and nothing done, where the instruction set has no way that is faster than with them.
bool max_by_two_values(const float* x, int64_t height, int64_t width, float* y);
#if defined(__AVX512F__)
// For rows of which vectors without masks would lose much.
void max_by_two_masked(const float* x, int64_t height, int64_t width, float* y, int32_t* index);
#endif
void max_by_two_backward(const float* dy, const int32_t* index, int64_t height, int64_t width, float* dx);
void avg_by_two(const float* x, int64_t height, int64_t width, float* y);
void avg_by_two_backward(const float* dy, int64_t height, int64_t width, float* dx);

}  // namespace RETORT_ISA
}  // namespace retort
