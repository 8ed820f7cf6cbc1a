// Products by sm_90's own means. A block takes tiles of y [128, 256 or 128], one after the other: one thread of its
// first warp group copies both factors through a ring of stages (TMA), two warp groups multiply 64 rows each (wgmma)
// and carry their sums to y while the copies for the next tile go on. Blocks that run together share rows and columns,
// which stand in L2. Bound by the tensor cores: a stage of 48 KiB is 4.2 million operations in bfloat16, 0.56 µs at
// the H200's peak.
#include <algorithm>

#include "device/wgmma.cuh"
#include "matmul.h"
#include "matmul_hopper.cuh"
#include "matmul_schedule.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t group_threads = 128, consumers = 2, threads = (1 + consumers) * group_threads;
constexpr uint32_t consumer_warps = consumers * group_threads / warp_size;
constexpr int32_t group_rows = 64;
static_assert(consumers * group_rows == tile_rows, "the groups share a tile's rows");
// Of 227 KiB, what is a multiple of every stage.
constexpr int32_t ring_bytes = 192 << 10;
// 64 rows or columns of a factor that is not along k, a line of each of a step's 64 k's.
constexpr int32_t panel_rows = 64, panel_bytes = 64 * line_bytes;
static_assert(2 * panel_rows == line_bytes && panel_bytes % swizzle_bytes == 0, "a panel is a box of bfloat16");
// 65,536 registers: 128 threads with few, 256 with their 128 sums and some.
constexpr int32_t registers_to_copy = 40, registers_to_multiply = 232;

template <DType dtype_, bool a_along_k_, bool b_along_k_, int32_t n_>
struct Tile {
  static constexpr DType dtype = dtype_;
  static constexpr bool a_along_k = a_along_k_, b_along_k = b_along_k_;
  static constexpr int32_t m = tile_rows, n = n_, k = line_bytes / (dtype == DType::float32 ? 4 : 2);
  static constexpr int32_t a_bytes = m * line_bytes, stage_bytes = a_bytes + n * line_bytes;
  static constexpr int32_t stages = ring_bytes / stage_bytes;
};

// A stage of the ring, and the parity of the ring's round.
template <int32_t stages>
struct Turn {
  int32_t stage = 0;
  uint32_t parity = 0;
  __device__ __forceinline__ void next() {
    if (++stage < stages) return;
    stage = 0;
    parity ^= 1;
  }
};

template <bool along_k, int32_t rows>
__device__ __forceinline__ void copy_factor(unsigned char* to, const TensorMap& map, int32_t row, int32_t k,
                                            uint64_t* full) {
  if constexpr (along_k) {
    copy_box(to, map, k, row, full);
  } else {
#pragma unroll
    for (int32_t i = 0; i < rows / panel_rows; ++i) {
      copy_box(to + i * panel_bytes, map, row + i * panel_rows, k, full);
    }
  }
}

template <bool along_k>
__device__ __forceinline__ uint64_t factor_of(const unsigned char* at) {
  // 8 lines of 128 bytes to the next 8.
  return factor_at(at, along_k ? 16 : panel_bytes, 8 * line_bytes);
}

template <typename Tile>
__device__ __forceinline__ void multiply_step(float (&d)[Tile::n / 2], uint64_t a, uint64_t b) {
  // 32 bytes along k are one wgmma's.
#pragma unroll
  for (int32_t i = 0; i < line_bytes / 32; ++i) {
    // Along k the next 32 bytes of a line, otherwise the next 16 lines.
    const uint64_t a_at = advance(a, i * (Tile::a_along_k ? 32 : 16 * line_bytes));
    const uint64_t b_at = advance(b, i * (Tile::b_along_k ? 32 : 16 * line_bytes));
    if constexpr (Tile::dtype == DType::float32) {
      wgmma_tf32(d, a_at, b_at, true);
    } else {
      wgmma_bfloat16<Tile::a_along_k, Tile::b_along_k>(d, a_at, b_at, true);
    }
  }
}

template <int32_t stages>
struct Barriers {
  uint64_t full[stages], empty[stages];
};

// One thread of the block.
template <typename Tile>
__device__ __forceinline__ void copy_tiles(const TensorMap& a, const TensorMap& b, const Schedule& schedule,
                                           int32_t depth, unsigned char* ring, Barriers<Tile::stages>& barriers) {
  Turn<Tile::stages> turn;
  for (int32_t item = blockIdx.x; item < schedule.items(); item += gridDim.x) {
    const Place at = place_of<Tile::n, Tile::k>(schedule, item, depth);
    for (int32_t step = 0; step < at.steps; ++step, turn.next()) {
      unsigned char* const stage = ring + turn.stage * Tile::stage_bytes;
      uint64_t* const full = barriers.full + turn.stage;
      // Both groups must be done with what stands here; in the first round nothing does.
      wait(barriers.empty + turn.stage, turn.parity ^ 1);
      arrive_expecting(full, Tile::stage_bytes);
      copy_factor<Tile::a_along_k, Tile::m>(stage, a, at.m, at.k + step * Tile::k, full);
      copy_factor<Tile::b_along_k, Tile::n>(stage + Tile::a_bytes, b, at.n, at.k + step * Tile::k, full);
    }
  }
}

// A warp group: 64 rows of every tile.
template <typename Tile>
__device__ __forceinline__ void multiply_tiles(const Product& p, const Schedule& schedule, int32_t group,
                                               unsigned char* ring, Barriers<Tile::stages>& barriers) {
  const int32_t thread = static_cast<int32_t>(threadIdx.x) % group_threads;
  const bool signals = thread % warp_size == 0;
  // A group's 64 rows are 64 lines along k, or a panel: as many bytes for 64 k's of bfloat16.
  const uint64_t a_ring = factor_of<Tile::a_along_k>(ring + group * group_rows * line_bytes);
  const uint64_t b_ring = factor_of<Tile::b_along_k>(ring + Tile::a_bytes);
  Turn<Tile::stages> turn;
  for (int32_t item = blockIdx.x; item < schedule.items(); item += gridDim.x) {
    const Place at = place_of<Tile::n, Tile::k>(schedule, item, static_cast<int32_t>(p.k));
    // Also so that the sums of the tile before hold no registers.
    float d[Tile::n / 2] = {};
    int32_t before = 0;
    for (int32_t step = 0; step < at.steps; ++step, turn.next()) {
      // The copies of this stage must have landed.
      wait(barriers.full + turn.stage, turn.parity);
      wgmma_fence();
      multiply_step<Tile>(d, advance(a_ring, turn.stage * Tile::stage_bytes),
                          advance(b_ring, turn.stage * Tile::stage_bytes));
      wgmma_commit();
      // The products of the step before have read their stage now: it may be filled anew.
      wgmma_wait<1>();
      if (step > 0 && signals) arrive(barriers.empty + before);
      before = turn.stage;
    }
    float sums[Tile::n / 2];
    wgmma_take(d, sums);
    if (signals) arrive(barriers.empty + before);
    const int32_t m = at.m + group * group_rows + thread / warp_size * 16 + thread % warp_size / 4;
    store_tile(Destination(p, m, at.n, schedule.parts > 1, at.part), sums);
  }
}

template <typename Tile>
__global__ void __launch_bounds__(threads, 1)
    matmul_hopper_kernel(const __grid_constant__ TensorMap a, const __grid_constant__ TensorMap b, const Product p,
                         const Schedule schedule) {
  if constexpr (has_hopper) {
    RETORT_SHARED(unsigned char, ring);
    auto& barriers = *reinterpret_cast<Barriers<Tile::stages>*>(ring + ring_bytes);
    if (threadIdx.x == 0) {
      for (int32_t i = 0; i < Tile::stages; ++i) {
        start_barrier(barriers.full + i, 1);
        start_barrier(barriers.empty + i, consumer_warps);
      }
      show_barriers();
    }
    // No thread may come to a barrier that has not begun.
    __syncthreads();
    if (threadIdx.x < group_threads) {
      give_registers<registers_to_copy>();
      if (threadIdx.x == 0) copy_tiles<Tile>(a, b, schedule, static_cast<int32_t>(p.k), ring, barriers);
    } else {
      take_registers<registers_to_multiply>();
      const int32_t group = static_cast<int32_t>(threadIdx.x) / group_threads - 1;
      multiply_tiles<Tile>(p, schedule, group, ring, barriers);
    }
  }
}

template <typename Tile>
TensorMap map_of_factor(const Product& p, const Factor& factor, int64_t rows, bool along_k, int32_t box_rows) {
  const bool tf32 = p.dtype == DType::float32;
  return along_k ? map_of(factor.data, p.dtype, tf32, p.k, rows, factor.row, box_rows)
                 : map_of(factor.data, p.dtype, tf32, rows, p.k, factor.row, Tile::k);
}

template <typename Tile>
void multiply(const Product& p, const Schedule& schedule) {
  const TensorMap a = map_of_factor<Tile>(p, p.a, p.m, Tile::a_along_k, Tile::m);
  const TensorMap b = map_of_factor<Tile>(p, p.b, p.n, Tile::b_along_k, Tile::n);
  const size_t shared_bytes = ring_bytes + sizeof(Barriers<Tile::stages>);
  launch(matmul_hopper_kernel<Tile>, std::min(schedule.items(), p.processors), threads, shared_bytes, p.stream, a, b, p,
         schedule);
  if (schedule.parts > 1) sum_parts(p, schedule.parts);
}

template <DType dtype, bool a_along_k, bool b_along_k>
void multiply(const Product& p, const Choice& choice) {
  if (choice.n == 256) {
    multiply<Tile<dtype, a_along_k, b_along_k, 256>>(p, choice.schedule);
  } else {
    multiply<Tile<dtype, a_along_k, b_along_k, 128>>(p, choice.schedule);
  }
}

}  // namespace

bool multiply_on_hopper(const Product& p) {
  const bool tf32 = p.dtype == DType::float32 && p.precision == Precision::tf32;
  if (!tf32 && p.dtype != DType::bfloat16) return false;
  // Of 32-bit elements wgmma takes factors along k alone.
  if (tf32 && !(p.a.along_k && p.b.along_k)) return false;
  if (!in_vectors(p.a, p.dtype) || !in_vectors(p.b, p.dtype)) return false;
  const int32_t k = line_bytes / static_cast<int32_t>(width_of(p.dtype));
  constexpr int64_t least = 64, most = int64_t{1} << 30;
  if (p.m < least || p.n < least || p.k < k || std::max({p.m, p.n, p.k}) > most) return false;
  const Choice choice = choose(p, k);
  const int64_t items = int64_t{choice.schedule.rows} * choice.schedule.columns * choice.schedule.parts;
  // With most processors idle the smaller tiles of the other kernels are sooner done.
  if (3 * items < p.processors || items > most) return false;
  if (tf32) {
    multiply<DType::float32, true, true>(p, choice);
  } else if (p.a.along_k) {
    p.b.along_k ? multiply<DType::bfloat16, true, true>(p, choice) : multiply<DType::bfloat16, true, false>(p, choice);
  } else {
    p.b.along_k ? multiply<DType::bfloat16, false, true>(p, choice)
                : multiply<DType::bfloat16, false, false>(p, choice);
  }
  return true;
}

}  // namespace RETORT_ISA
}  // namespace retort
