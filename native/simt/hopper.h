// What sm_90 adds, carried out as late as the program allows: a bulk copy lands when a waiter of its mbarrier could
// pass, a wgmma computes when its thread waits for it. Until then the copy's target counts as unwritten and the
// accumulators hold NaN, so that a missing wait shows.
//
// Not judged: generic loads of copied memory that are handed back by an mbarrier alone (a block barrier is asked for).
#pragma once

#include <cstddef>
#include <cstdint>

#define __grid_constant__

namespace retort::simt {

// A matrix in global memory of which boxes are copied: lines of 128 bytes into shared memory, its pieces of 16 bytes
// swizzled; zeros for what lies outside.
struct TensorMap {
  const unsigned char* base;
  int64_t columns, rows, row_bytes;
  int32_t element_bytes, box_rows;
  bool rounds_to_tf32;
};

void start_barrier(uint64_t* barrier, uint32_t arrivals);
void show_barriers();
void arrive(uint64_t* barrier, uint32_t bytes);
void wait(uint64_t* barrier, uint32_t parity);

void copy_box_later(void* to, const TensorMap& map, int32_t column, int32_t row, uint64_t* barrier);

// This thread's writes to shared memory so far may be read by wgmma, after a barrier.
void fence_asynchronous();

enum class Factors { bfloat16, tf32 };
// A factor of 64 or `columns` lines: begins at `start`, in shared memory; along_k: 8 lines of 128 bytes and `stride`
// bytes to the next 8; otherwise 8 k's of 128 bytes (64 lines), `stride` bytes to the next 8 k's and `leading` to the
// next 64 lines.
struct Operand {
  uint64_t descriptor;
  bool along_k;
};
void wgmma_fence();
// d[columns / 2] (+)= this thread's part of a [64, k]·b [k, columns].
void wgmma_later(float* d, int32_t columns, Factors factors, Operand a, Operand b, bool add);
void wgmma_commit();
void wgmma_wait(uint32_t groups_left);

}  // namespace retort::simt
