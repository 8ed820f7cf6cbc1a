#pragma once

// GCC vectorises a loop over a function or lambda only where it is inlined into the loop, and leaves clones of a
// function with an `omp simd` loop scalar: what stands in such loops, or holds one, is inlined without asking for its
// size.
#define RETORT_INLINE __attribute__((always_inline)) inline
