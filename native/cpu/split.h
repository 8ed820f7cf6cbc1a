// How work is cut into chunks: by its size alone, so that sums do not depend on the number of threads.
#pragma once

#include <cstdint>

#include "parallel.h"

namespace retort {
namespace RETORT_ISA {

// Elements of a chunk: 64 KiB of floats.
constexpr int64_t chunk_elements = 16384;
// Fewer chunks are done before another thread has woken.
constexpr int64_t worthwhile_chunks = 4;
// Most chunks of a sum: its partial results stand on the stack.
constexpr int64_t sum_chunks = 64;

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// One copy of the loops in a body, whoever calls it, and all that they call inlined: GCC leaves loops scalar in copies
// of a function, and around a lambda that it calls.
template <typename Result, typename Body>
__attribute__((noinline, flatten)) Result run_piece(const Body& body, int64_t begin, int64_t end) {
  return body(begin, end);
}

// body(begin, end) over [0, n) in pieces of `grain`.
template <typename Body>
void split(int32_t threads, int64_t n, int64_t grain, const Body& body) {
  const int64_t chunks = ceil_div(n, grain);
  if (threads == 1 || chunks < worthwhile_chunks) return run_piece<void>(body, 0, n);
  parallel(threads, chunks,
           [&](int64_t chunk) { run_piece<void>(body, chunk * grain, chunk + 1 == chunks ? n : (chunk + 1) * grain); });
}

// The sum of body(begin, end), a double, over [0, n) in at most sum_chunks pieces of `grain` or a multiple of it.
template <typename Body>
double split_sum(int32_t threads, int64_t n, int64_t grain, const Body& body) {
  grain *= ceil_div(ceil_div(n, grain), sum_chunks);
  const int64_t chunks = ceil_div(n, grain);
  if (chunks == 1) return run_piece<double>(body, 0, n);
  double partial[sum_chunks];
  parallel(chunks < worthwhile_chunks ? 1 : threads, chunks, [&](int64_t chunk) {
    partial[chunk] = run_piece<double>(body, chunk * grain, chunk + 1 == chunks ? n : (chunk + 1) * grain);
  });
  double total = 0;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) total += partial[chunk];
  return total;
}

}  // namespace RETORT_ISA
}  // namespace retort
