// Ops over rows [rows, columns] whose every value needs a sum over its row: softmax and its losses. A row comes from
// memory once, is kept where it fits, and is written once.
//   up to 13 columns      4 lanes of a warp a row, a chunk of four values each, in registers
//   up to 125, 1021       16 lanes with 2 chunks, 32 lanes with 8: a warp has the bytes of one or two rows under way
//   more                  a block a row: the first chunks of the first matrix in registers, the others and the second
//                         matrix in shared memory. Sums go along with the values as they arrive, relative to a centre
//                         that moves where a value stands far above it, so that the arithmetic hides behind the memory
//   what fits no block    (51 000 columns of two matrices on sm_90) its last part is read again
// Bound by memory: one read of each matrix and one write.
//
// An op says what it adds up and what comes of it:
//   inputs       1 or 2 matrices, a and b
//   centred      whether sums are relative to the row's maxima; then it has far_above() and move()
//   sums         how many sums a row has
//   has_loss     whether a row gives a share of a loss
//   absent       a value that changes no maximum and no sum
//   begin()      once a thread: reads what is one value for the whole call
//   open(row, leader)     before a row; leader: the one thread of the row's that may note a fault
//   add(a, b, centre, sum)            one place's shares
//   conclude(centre, sum)             turns sums into what value() needs; returns the loss of the row
//   value(a, b, centre, place)        y
#pragma once

#include <cfloat>

#include "../fault.h"
#include "chunk.cuh"

namespace retort {
namespace RETORT_ISA {

// 2^x; 0 below the least normal float. One instruction, 2 units of error.
__device__ __forceinline__ float power_of_two(float x) {
#ifdef __CUDACC__
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
#else
  return exp2f(x);
#endif
}

// A tensor [1] that must be over 0 and finite.
struct Temperature {
  const float* value;
  ValueFault* fault;
  const char* op;

  // NaN for what must be refused, which then reaches every output.
  __device__ float read() const {
    const float t = *value;
    if (t > 0.0f && t <= FLT_MAX) return t;
    if (blockIdx.x == 0 && threadIdx.x == 0) note_fault(fault, op, Refused::temperature, t, 0, 0);
    return NAN;
  }
};

constexpr float log2_of_e = 1.44269504f;
// How far above a centre, in powers of 2, values may stand: more costs digits of the power, less costs moves.
constexpr float centre_slack = 8.0f;
constexpr int32_t team_threads = 128;

template <typename Op, int32_t lanes, int32_t chunks>
__global__ void __launch_bounds__(team_threads, chunks > 2  ? 4
                                                : lanes > 4 ? 8
                                                            : 12) team_rows_kernel(Op op, Matrices m, double* partial) {
  constexpr int32_t teams = team_threads / lanes;
  const int32_t lane = threadIdx.x % lanes;
  op.begin();
  double loss = 0;
  for (int64_t at = int64_t{blockIdx.x} * teams; at < m.rows; at += int64_t{gridDim.x} * teams) {
    const int64_t r = at + threadIdx.x / lanes;
    // A team beyond the last row goes along with an empty one: collectives name the whole warp.
    const bool real = r < m.rows;
    Row<int32_t> row = m.row<int32_t>(real ? r : m.rows - 1);
    if (!real) row.columns = 0;
    if (real) op.open(r, lane == 0);
    const int32_t count = row.chunks();
    float a[chunks][chunk_size], b[chunks][chunk_size];
#pragma unroll
    for (int32_t u = 0; u < chunks; ++u) {
      if (u * lanes >= count) break;
      load_chunk(a[u], m.a, row, row.first(lane + u * lanes), Op::absent);
      if (Op::inputs == 2) load_chunk(b[u], m.b, row, row.first(lane + u * lanes), Op::absent);
    }
    float centre[2] = {-INFINITY, -INFINITY}, sum[Op::sums] = {};
    if (Op::centred) {
#pragma unroll
      for (int32_t u = 0; u < chunks; ++u) {
        if (u * lanes >= count) break;
#pragma unroll
        for (int32_t j = 0; j < chunk_size; ++j) {
          centre[0] = fmaxf(centre[0], a[u][j]);
          if (Op::inputs == 2) centre[1] = fmaxf(centre[1], b[u][j]);
        }
      }
      team_reduce<lanes>(centre, Most{});
    }
#pragma unroll
    for (int32_t u = 0; u < chunks; ++u) {
      if (u * lanes >= count) break;
#pragma unroll
      for (int32_t j = 0; j < chunk_size; ++j) op.add(a[u][j], Op::inputs == 2 ? b[u][j] : 0.0f, centre, sum);
    }
    team_reduce<lanes>(sum, Add{});
    const float share = op.conclude(centre, sum);
    if (Op::has_loss && real && lane == 0) loss += static_cast<double>(share);
#pragma unroll
    for (int32_t u = 0; u < chunks; ++u) {
      if (u * lanes >= count) break;
      const int32_t first = row.first(lane + u * lanes);
      float y[chunk_size];
#pragma unroll
      for (int32_t j = 0; j < chunk_size; ++j)
        y[j] = op.value(a[u][j], Op::inputs == 2 ? b[u][j] : 0.0f, centre, first + j);
      store_chunk(m.y, row, first, y);
    }
  }
  if constexpr (Op::has_loss) {
    __shared__ double shares[team_threads / warp_size];
    loss = block_reduce<team_threads>(loss, shares, Add{});
    if (threadIdx.x == 0) partial[blockIdx.x] = loss;
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
