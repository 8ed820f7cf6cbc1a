// A block a row, for rows that a warp's registers do not hold; see rows.cuh for the whole picture.
//
// A round is a chunk a thread. Of a kept round, matrix b lies in shared memory; matrix a lies in registers for the
// first `chunks` rounds and in shared memory after that. Each thread reads in shared memory what it copied there
// itself, so that waiting for its own copies is enough. Rounds go in batches: the loads of `ahead` batches are under
// way while one is added up.
#pragma once

#include <type_traits>

#include "rows.cuh"

namespace retort {
namespace RETORT_ISA {

constexpr int32_t batch_rounds = 2;
constexpr int32_t batches_ahead = 4;

// What a block of `threads` threads with `chunks` rounds of a in registers is built for.
template <int32_t threads, int32_t chunks>
struct RowBlock {
  static constexpr int32_t registers = 65536;
  static constexpr int32_t a_processor = registers / threads / (chunks > 4 ? 128 : 64);
};

using Batch = float[batch_rounds][chunk_size];

// Adds a batch up, moving the thread's centre before where a value is far above it.
template <typename Op>
__device__ __forceinline__ void add_batch(const Op& op, const Batch& a, const Batch& b, float (&centre)[2],
                                          float (&sum)[Op::sums]) {
  if constexpr (Op::centred) {
    float most[2] = {centre[0], centre[1]};
#pragma unroll
    for (int32_t i = 0; i < batch_rounds * chunk_size; ++i) {
      most[0] = fmaxf(most[0], a[i / chunk_size][i % chunk_size]);
      if (Op::inputs == 2) most[1] = fmaxf(most[1], b[i / chunk_size][i % chunk_size]);
    }
    if (op.far_above(most[0], centre[0]) || (Op::inputs == 2 && op.far_above(most[1], centre[1]))) {
      op.move(centre, most, sum);
      centre[0] = most[0], centre[1] = most[1];
    }
  }
#pragma unroll
  for (int32_t i = 0; i < batch_rounds * chunk_size; ++i) {
    op.add(a[i / chunk_size][i % chunk_size], Op::inputs == 2 ? b[i / chunk_size][i % chunk_size] : 0.0f, centre, sum);
  }
}

// longer: a row may have more rounds than most_kept; the others are read once more.
template <typename Op, int32_t threads, int32_t chunks, bool longer>
__global__ void __launch_bounds__(threads, RowBlock<threads, chunks>::a_processor)
    block_rows_kernel(Op op, Matrices m, int32_t most_kept, double* partial) {
  constexpr int32_t front = chunks / batch_rounds, warps = threads / warp_size;
  constexpr bool two = Op::inputs == 2;
  using Index = std::conditional_t<longer, int64_t, int32_t>;
  RETORT_SHARED(float4, shared);
  __shared__ float centre_shares[2 * warps], sum_shares[2][Op::sums * warps];
  float4* const kept_b = shared + threadIdx.x;
  float4* const kept_a = kept_b + (two ? most_kept : 0) * threads - chunks * threads;
  op.begin();
  double loss = 0;
  int32_t turn = 0;
  for (int64_t r = blockIdx.x; r < m.rows; r += gridDim.x, turn ^= 1) {
    const Row<Index> row = m.row<Index>(r);
    const Index rounds = (row.chunks() + threads - 1) / threads;
    const int32_t kept = static_cast<int32_t>(rounds < most_kept ? rounds : most_kept);
    const Index own = row.first(threadIdx.x);
    const auto first = [&](Index round) { return own + round * (threads * chunk_size); };
    op.open(r, threadIdx.x == 0);
    float centre[2] = {-FLT_MAX, -FLT_MAX}, sum[Op::sums] = {};

    const auto load_rest = [&](Batch& a, Batch& b, Index round) {
#pragma unroll
      for (int32_t j = 0; j < batch_rounds; ++j) {
        load_chunk(a[j], m.a, row, first(round + j), Op::absent);
        if (two) load_chunk(b[j], m.b, row, first(round + j), Op::absent);
      }
    };
    if constexpr (longer) {
      // First, while the registers of the kept rounds are free for the next batch.
      Batch a, b, next_a, next_b;
      if (kept < rounds) load_rest(next_a, next_b, kept);
      for (Index round = kept; round < rounds; round += batch_rounds) {
#pragma unroll
        for (int32_t i = 0; i < batch_rounds * chunk_size; ++i) {
          a[i / chunk_size][i % chunk_size] = next_a[i / chunk_size][i % chunk_size];
          if (two) b[i / chunk_size][i % chunk_size] = next_b[i / chunk_size][i % chunk_size];
        }
        load_rest(next_a, next_b, round + batch_rounds);
        add_batch(op, a, b, centre, sum);
      }
    }

    float front_a[chunks][chunk_size];
    const auto copy_b = [&](int32_t round) {
      if (two && round < kept) copy_chunk(&kept_b[round * threads], m.b, row, first(round), Op::absent);
    };
    const auto fetch_front = [&](int32_t batch) {
#pragma unroll
      for (int32_t j = 0; j < batch_rounds; ++j) {
        const int32_t round = batch * batch_rounds + j;
        copy_b(round);
        load_chunk(front_a[round], m.a, row, first(round), Op::absent);
      }
      commit_copies();
    };
    const auto fetch_back = [&](int32_t batch) {
#pragma unroll
      for (int32_t j = 0; j < batch_rounds; ++j) {
        const int32_t round = batch * batch_rounds + j;
        copy_b(round);
        if (round < kept) copy_chunk(&kept_a[round * threads], m.a, row, first(round), Op::absent);
      }
      commit_copies();
    };
    const auto take = [&](float(&value)[chunk_size], const float4* from, int32_t round) {
      unpack(value, round < kept ? from[round * threads] : make_float4(Op::absent, Op::absent, Op::absent, Op::absent));
    };
#pragma unroll
    for (int32_t batch = 0; batch < batches_ahead; ++batch) {
      if (batch < front) {
        fetch_front(batch);
      } else {
        fetch_back(batch);
      }
    }
#pragma unroll
    for (int32_t batch = 0; batch < front; ++batch) {
      if (batch + batches_ahead < front) {
        fetch_front(batch + batches_ahead);
      } else {
        fetch_back(batch + batches_ahead);
      }
      wait_for_copies<batches_ahead>();
      if (batch * batch_rounds >= kept) continue;
      Batch a, b;
#pragma unroll
      for (int32_t j = 0; j < batch_rounds; ++j) {
#pragma unroll
        for (int32_t i = 0; i < chunk_size; ++i) a[j][i] = front_a[batch * batch_rounds + j][i];
        if (two) take(b[j], kept_b, batch * batch_rounds + j);
      }
      add_batch(op, a, b, centre, sum);
    }
    for (int32_t batch = front; batch * batch_rounds < kept; ++batch) {
      fetch_back(batch + batches_ahead);
      wait_for_copies<batches_ahead>();
      Batch a, b;
#pragma unroll
      for (int32_t j = 0; j < batch_rounds; ++j) {
        take(a[j], kept_a, batch * batch_rounds + j);
        if (two) take(b[j], kept_b, batch * batch_rounds + j);
      }
      add_batch(op, a, b, centre, sum);
    }
    // The groups that are left are empty.
    wait_for_copies<0>();

    if constexpr (Op::centred) {
      float most[2] = {centre[0], centre[1]};
      block_reduce_each<threads>(most, centre_shares, Most{});
      op.move(centre, most, sum);
      centre[0] = most[0], centre[1] = most[1];
    }
    // Two by turns: a thread may still read the last row's where no barrier of centres lies between.
    block_reduce_each<threads>(sum, sum_shares[turn], Add{});
    const float share = op.conclude(centre, sum);
    if (Op::has_loss) loss += static_cast<double>(share);

    const auto put = [&](const float(&a)[chunk_size], const float(&b)[chunk_size], Index place) {
      float y[chunk_size];
#pragma unroll
      for (int32_t j = 0; j < chunk_size; ++j) y[j] = op.value(a[j], two ? b[j] : 0.0f, centre, place + j);
      store_chunk(m.y, row, place, y);
    };
#pragma unroll
    for (int32_t round = 0; round < chunks; ++round) {
      if (round >= kept) continue;
      float b[chunk_size];
      if (two) unpack(b, kept_b[round * threads]);
      put(front_a[round], b, first(round));
    }
    for (int32_t round = chunks; round < kept; ++round) {
      float a[chunk_size], b[chunk_size];
      unpack(a, kept_a[round * threads]);
      if (two) unpack(b, kept_b[round * threads]);
      put(a, b, first(round));
    }
    if constexpr (longer) {
      for (Index round = kept; round < rounds; round += batch_rounds) {
        Batch a, b;
        load_rest(a, b, round);
#pragma unroll
        for (int32_t j = 0; j < batch_rounds; ++j) put(a[j], b[j], first(round + j));
      }
    }
  }
  if (Op::has_loss && threadIdx.x == 0) partial[blockIdx.x] = loss;
}

}  // namespace RETORT_ISA
}  // namespace retort
