// Rows of a matrix [rows, columns] in chunks of four floats, the widest that a thread loads or stores at once; sums and
// maxima of teams of lanes.
#pragma once

#include "copy.cuh"
#include "sum.cuh"

namespace retort {
namespace RETORT_ISA {

constexpr int32_t chunk_size = 4;

// Chunk q of a row holds its places 4q − shift … 4q − shift + 3: so a whole chunk is aligned wherever the row starts.
// Index is int64_t where a row may have more than 2^31 places.
template <typename Index>
struct Row {
  int64_t start;
  Index columns;
  int32_t shift;
  bool aligned;

  __device__ Index chunks() const { return (columns + shift + chunk_size - 1) / chunk_size; }
  __device__ Index first(Index chunk) const { return chunk * chunk_size - shift; }
  __device__ bool holds(Index place) const { return place >= 0 && place < columns; }
  __device__ bool whole(Index first) const { return aligned && first >= 0 && first + chunk_size <= columns; }
};

// Up to two matrices that an op reads and the one that it writes, all of one shape.
struct Matrices {
  const float *a, *b;
  float* y;
  int64_t rows, columns;
  // Floats from the aligned address below the first value.
  int32_t shift;
  // Whether a, b and y are shifted alike; where not, chunks go float by float.
  bool aligned;

  template <typename Index>
  __device__ Row<Index> row(int64_t r) const {
    const int64_t start = r * columns;
    const int32_t over = static_cast<int32_t>((shift + start) % chunk_size);
    return {start, static_cast<Index>(columns), aligned ? over : 0, aligned};
  }
};

inline int32_t shift_of(const float* data) {
  return static_cast<int32_t>(reinterpret_cast<uintptr_t>(data) / sizeof(float) % chunk_size);
}

// b may be null.
inline Matrices matrices_of(const float* a, const float* b, float* y, int64_t rows, int64_t columns) {
  const int32_t shift = shift_of(a);
  return {a, b, y, rows, columns, shift, shift == shift_of(y) && (b == nullptr || shift == shift_of(b))};
}

__device__ __forceinline__ void unpack(float (&value)[chunk_size], const float4& packed) {
  value[0] = packed.x, value[1] = packed.y, value[2] = packed.z, value[3] = packed.w;
}

// Places outside the row get `absent`.
template <typename Index>
__device__ __forceinline__ void load_chunk(float (&value)[chunk_size], const float* matrix, const Row<Index>& row,
                                           Index first, float absent) {
  const float* const from = matrix + row.start + first;
  if (row.whole(first)) return unpack(value, *reinterpret_cast<const float4*>(from));
#pragma unroll
  for (int32_t j = 0; j < chunk_size; ++j) value[j] = row.holds(first + j) ? from[j] : absent;
}

// The same, later: it is there for this thread once it has waited.
template <typename Index>
__device__ __forceinline__ void copy_chunk(float4* shared, const float* matrix, const Row<Index>& row, Index first,
                                           float absent) {
  if (row.whole(first)) return copy_async_16(shared, matrix + row.start + first);
  float value[chunk_size];
  load_chunk(value, matrix, row, first, absent);
  *shared = make_float4(value[0], value[1], value[2], value[3]);
}

template <typename Index>
__device__ __forceinline__ void store_chunk(float* matrix, const Row<Index>& row, Index first,
                                            const float (&value)[chunk_size]) {
  float* const to = matrix + row.start + first;
  if (row.whole(first)) {
    *reinterpret_cast<float4*>(to) = make_float4(value[0], value[1], value[2], value[3]);
    return;
  }
#pragma unroll
  for (int32_t j = 0; j < chunk_size; ++j) {
    if (row.holds(first + j)) to[j] = value[j];
  }
}

// NaN is passed over.
struct Most {
  __device__ float operator()(float a, float b) const { return fmaxf(a, b); }
};

// Over the `lanes` neighbours of a warp that make up a team: every lane gets the results.
template <int32_t lanes, int32_t count, typename T, typename Combine>
__device__ __forceinline__ void team_reduce(T (&value)[count], const Combine& combine) {
#pragma unroll
  for (int32_t bits = lanes / 2; bits > 0; bits /= 2) {
#pragma unroll
    for (int32_t i = 0; i < count; ++i) value[i] = combine(value[i], __shfl_xor_sync(whole_warp, value[i], bits));
  }
}

// Over a block: every thread gets the results. partial: count · threads / 32 values in shared memory, free for use
// again after the caller's next barrier.
template <int32_t threads, int32_t count, typename T, typename Combine>
__device__ __forceinline__ void block_reduce_each(T (&value)[count], T* partial, const Combine& combine) {
  constexpr int32_t warps = threads / warp_size;
  const int32_t lane = threadIdx.x % warp_size, warp = threadIdx.x / warp_size;
  team_reduce<warp_size>(value, combine);
#pragma unroll
  for (int32_t i = 0; i < count; ++i) {
    if (lane == 0) partial[i * warps + warp] = value[i];
  }
  // Every warp's share must be there before any is read.
  __syncthreads();
#pragma unroll
  for (int32_t i = 0; i < count; ++i) value[i] = partial[i * warps + lane % warps];
  team_reduce<warps>(value, combine);
}

}  // namespace RETORT_ISA
}  // namespace retort
