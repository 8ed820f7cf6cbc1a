// The threads that take one row of a layer norm: a warp, or a block. A thread has the chunks lane, lane + lanes, … of
// each row, so the same columns in every row.
#pragma once

#include "chunk.cuh"

namespace retort {
namespace RETORT_ISA {

// Values of a row that a thread holds: chunks · 4. A row fits where it has at most `most` values.
template <int32_t team_lanes, int32_t row_chunks>
struct RowTeam {
  static constexpr int32_t lanes = team_lanes, chunks = row_chunks, most = lanes * chunks * chunk_size;
  static constexpr int32_t threads = lanes == warp_size ? 128 : lanes, teams = threads / lanes;
  // Numbers in shared memory that one sum of two values takes.
  static constexpr int32_t shares = 2 * threads / warp_size;

  __device__ static int32_t lane() { return threadIdx.x % lanes; }
  __device__ static int32_t team() { return threadIdx.x / lanes; }

  // shared: `shares` numbers, not those of the sum just before.
  template <typename T>
  __device__ __forceinline__ static void add_up(T (&value)[2], T* shared) {
    if constexpr (lanes == warp_size) {
      team_reduce<lanes>(value, Add{});
    } else {
      block_reduce_each<threads>(value, shared, Add{});
    }
  }

  // body(u, first) for the thread's chunk u, which begins at column `first`.
  template <typename Body>
  __device__ __forceinline__ static void each_chunk(int32_t columns, const Body& body) {
#pragma unroll
    for (int32_t u = 0; u < chunks; ++u) {
      if (u * lanes * chunk_size >= columns) break;
      body(u, (lane() + u * lanes) * chunk_size);
    }
  }
};

// Chunks begin at column 0 of every row; they go whole where every row of every tensor is aligned to 16 bytes.
template <typename... Pointers>
bool rows_aligned(int64_t columns, const Pointers*... pointers) {
  return columns % chunk_size == 0 && (... && (shift_of(pointers) == 0));
}

}  // namespace RETORT_ISA
}  // namespace retort
