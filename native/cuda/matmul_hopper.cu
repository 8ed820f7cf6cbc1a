// Products by sm_90's own means. A block takes tiles of y [128, 256 or 128], one after the other: one thread of its
// first warp group copies both factors through a ring of stages (TMA), two warp groups multiply 64 rows each (wgmma)
// and carry their sums to y while the copies for the next tile go on. Blocks that run together share rows and columns,
// which stand in L2. Bound by the tensor cores: a stage of 48 KiB is 4.2 million operations in bfloat16, one each 0.56
// µs.
#include <algorithm>

#include "device/activate.cuh"
#include "device/wgmma.cuh"
#include "matmul.h"
#include "matmul_hopper.cuh"
#include "matmul_parts.h"
#include "retort/bfloat16.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t group_threads = 128, consumers = 2, threads = (1 + consumers) * group_threads;
constexpr uint32_t consumer_warps = consumers * group_threads / warp_size;
constexpr int32_t group_rows = 64;
// Of 227 KiB, what is a multiple of every stage.
constexpr int32_t ring_bytes = 192 << 10;
// 64 rows or columns of a factor that is not along k, a line of each of a step's 64 k's.
constexpr int32_t panel_rows = 64, panel_bytes = 64 * line_bytes;
// 65,536 registers: 128 threads with few, 256 with their 128 sums and some.
constexpr int32_t registers_to_copy = 40, registers_to_multiply = 232;

struct Float {};
struct BFloat16 {};

template <typename Element_, bool a_along_k_, bool b_along_k_, int32_t n_>
struct Tile {
  using Element = Element_;
  static constexpr bool a_along_k = a_along_k_, b_along_k = b_along_k_;
  static constexpr int32_t m = consumers * group_rows, n = n_,
                           k = line_bytes / (std::is_same_v<Element, Float> ? 4 : 2);
  static constexpr int32_t a_bytes = m * line_bytes, stage_bytes = a_bytes + n * line_bytes;
  static constexpr int32_t stages = ring_bytes / stage_bytes, sums = n / 2;
  // 32 bytes along k are one wgmma's.
  static constexpr int32_t products = line_bytes / 32;
};

// All tiles, in parts of k.
struct Schedule {
  int32_t rows, columns, parts, depth;
};

struct Place {
  int32_t m, n, part, k, steps;
};

// Tiles go down sixteen rows before they go right: 132 tiles of 128 x 256 then read about as many rows as columns.
template <typename Tile>
__device__ __forceinline__ Place place_of(const Schedule& schedule, int32_t item, int32_t depth_of_all) {
  constexpr int32_t height = 16;
  const int32_t tiles = schedule.rows * schedule.columns, part = item / tiles, tile = item % tiles;
  const int32_t first = tile / (height * schedule.columns) * height, within = tile % (height * schedule.columns);
  const int32_t rows = schedule.rows - first < height ? schedule.rows - first : height;
  const int32_t k = part * schedule.depth;
  const int32_t depth = depth_of_all - k < schedule.depth ? depth_of_all - k : schedule.depth;
  return {(first + within % rows) * Tile::m, within / rows * Tile::n, part, k, (depth + Tile::k - 1) / Tile::k};
}

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

template <typename Tile, bool along_k, int32_t rows>
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

template <typename Tile, bool along_k>
__device__ __forceinline__ uint64_t factor_of(const unsigned char* at) {
  // 8 lines of 128 bytes to the next 8.
  return factor_at(at, along_k ? 16 : panel_bytes, 8 * line_bytes);
}

template <typename Tile>
__device__ __forceinline__ void multiply_step(float (&d)[Tile::sums], uint64_t a, uint64_t b) {
#pragma unroll
  for (int32_t i = 0; i < Tile::products; ++i) {
    // Along k the next 32 bytes of a line, otherwise the next 16 lines.
    const uint64_t a_at = advance(a, i * (Tile::a_along_k ? 32 : 16 * line_bytes));
    const uint64_t b_at = advance(b, i * (Tile::b_along_k ? 32 : 16 * line_bytes));
    if constexpr (std::is_same_v<typename Tile::Element, Float>) {
      wgmma_tf32(d, a_at, b_at, true);
    } else {
      wgmma_bfloat16<Tile::a_along_k, Tile::b_along_k>(d, a_at, b_at, true);
    }
  }
}

template <typename Tile>
__global__ void __launch_bounds__(threads, 1)
    matmul_hopper_kernel(const __grid_constant__ TensorMap a, const __grid_constant__ TensorMap b, const Product p,
                         const Schedule schedule) {
#ifdef RETORT_HOPPER
  RETORT_SHARED(unsigned char, ring);
  uint64_t* const full = reinterpret_cast<uint64_t*>(ring + ring_bytes);
  uint64_t* const empty = full + Tile::stages;
  if (threadIdx.x == 0) {
    for (int32_t i = 0; i < Tile::stages; ++i) {
      start_barrier(full + i, 1);
      start_barrier(empty + i, consumer_warps);
    }
    show_barriers();
  }
  // No thread may come to a barrier that has not begun.
  __syncthreads();
  const int32_t items = schedule.rows * schedule.columns * schedule.parts, depth = static_cast<int32_t>(p.k);
  Turn<Tile::stages> turn;
  if (threadIdx.x < group_threads) {
    give_registers<registers_to_copy>();
    if (threadIdx.x != 0) return;
    for (int32_t item = blockIdx.x; item < items; item += gridDim.x) {
      const Place at = place_of<Tile>(schedule, item, depth);
      for (int32_t step = 0; step < at.steps; ++step, turn.next()) {
        unsigned char* const stage = ring + turn.stage * Tile::stage_bytes;
        uint64_t* const landed = full + turn.stage;
        // Both groups must be done with what stands here; in the first round nothing does.
        wait(empty + turn.stage, turn.parity ^ 1);
        arrive_expecting(landed, Tile::stage_bytes);
        copy_factor<Tile, Tile::a_along_k, Tile::m>(stage, a, at.m, at.k + step * Tile::k, landed);
        copy_factor<Tile, Tile::b_along_k, Tile::n>(stage + Tile::a_bytes, b, at.n, at.k + step * Tile::k, landed);
      }
    }
    return;
  }
  take_registers<registers_to_multiply>();
  const int32_t thread = static_cast<int32_t>(threadIdx.x) - group_threads, group = thread / group_threads;
  const bool signals = thread % warp_size == 0;
  // A group's 64 rows are 64 lines along k, or a panel: as many bytes for 64 k's of bfloat16.
  const uint64_t a_ring = factor_of<Tile, Tile::a_along_k>(ring + group * group_rows * line_bytes);
  const uint64_t b_ring = factor_of<Tile, Tile::b_along_k>(ring + Tile::a_bytes);
  for (int32_t item = blockIdx.x; item < items; item += gridDim.x) {
    const Place at = place_of<Tile>(schedule, item, depth);
    // Also so that the sums of the tile before hold no registers.
    float d[Tile::sums] = {};
    int32_t before = 0;
    for (int32_t step = 0; step < at.steps; ++step, turn.next()) {
      // The copies of this stage must have landed.
      wait(full + turn.stage, turn.parity);
      wgmma_fence();
      multiply_step<Tile>(d, advance(a_ring, turn.stage * Tile::stage_bytes),
                          advance(b_ring, turn.stage * Tile::stage_bytes));
      wgmma_commit();
      // The products of the step before have read their stage now: it may be filled anew.
      wgmma_wait<1>();
      if (step > 0 && signals) arrive(empty + before);
      before = turn.stage;
    }
    float sums[Tile::sums];
    wgmma_take(d, sums);
    if (signals) arrive(empty + before);
    const int32_t m = at.m + group * group_rows + thread % group_threads / warp_size * 16 + thread % warp_size / 4;
    store_tile(Destination(p, m, at.n, schedule.parts > 1, at.part), sums);
  }
#endif
}

template <typename Tile>
TensorMap map_of_factor(const Product& p, const Factor& factor, int64_t rows, bool along_k, int32_t tile_rows) {
  const bool tf32 = p.dtype == DType::float32;
  return along_k ? map_of(factor.data, p.dtype, tf32, p.k, rows, factor.row, tile_rows)
                 : map_of(factor.data, p.dtype, tf32, rows, p.k, factor.row, Tile::k);
}

struct Choice {
  int32_t n;
  Schedule schedule;
  double cost;
};

// Rounds of tiles, in steps of 128 x 256; a step of 128 x 128 takes more than half of its time, since it reads 4/3 as
// much, and what a round adds besides its steps is about four of them.
Choice choose(const Product& p, int32_t n, int32_t k, double step_cost) {
  const int64_t tiles = tiles_of(p, consumers * group_rows, n);
  const Parts parts = parts_of(p, tiles, p.processors, k, 8 * k);
  const int64_t rounds = (tiles * parts.count + p.processors - 1) / p.processors;
  const double steps = static_cast<double>(parts.depth + k - 1) / k;
  const int32_t m = consumers * group_rows;
  const Schedule schedule{static_cast<int32_t>((p.m + m - 1) / m), static_cast<int32_t>((p.n + n - 1) / n), parts.count,
                          static_cast<int32_t>(parts.depth)};
  return {n, schedule, static_cast<double>(rounds) * (steps + 4) * step_cost};
}

template <typename Tile>
void multiply(const Product& p, const Schedule& schedule) {
  const TensorMap a = map_of_factor<Tile>(p, p.a, p.m, Tile::a_along_k, Tile::m);
  const TensorMap b = map_of_factor<Tile>(p, p.b, p.n, Tile::b_along_k, Tile::n);
  const int32_t items = schedule.rows * schedule.columns * schedule.parts;
  const size_t shared_bytes = ring_bytes + 2 * Tile::stages * sizeof(uint64_t);
  launch(matmul_hopper_kernel<Tile>, std::min(items, p.processors), threads, shared_bytes, p.stream, a, b, p, schedule);
  if (schedule.parts > 1) sum_parts(p, schedule.parts);
}

template <typename Element, bool a_along_k, bool b_along_k>
void multiply(const Product& p, const Choice& choice) {
  if (choice.n == 256) {
    multiply<Tile<Element, a_along_k, b_along_k, 256>>(p, choice.schedule);
  } else {
    multiply<Tile<Element, a_along_k, b_along_k, 128>>(p, choice.schedule);
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
  const Choice wide = choose(p, 256, k, 1), narrow = choose(p, 128, k, 0.6);
  const Choice& choice = wide.cost <= narrow.cost ? wide : narrow;
  const int64_t items = int64_t{choice.schedule.rows} * choice.schedule.columns * choice.schedule.parts;
  // With most processors idle the smaller tiles of the other kernels are sooner done.
  if (3 * items < p.processors || items > most) return false;
  if (tf32) {
    multiply<Float, true, true>(p, choice);
  } else if (p.a.along_k) {
    p.b.along_k ? multiply<BFloat16, true, true>(p, choice) : multiply<BFloat16, true, false>(p, choice);
  } else {
    p.b.along_k ? multiply<BFloat16, false, true>(p, choice) : multiply<BFloat16, false, false>(p, choice);
  }
  return true;
}

}  // namespace RETORT_ISA
}  // namespace retort
