// Which tiles of y the blocks of Hopper's kernel compute, in which order, and in how many parts of k.
#pragma once

#include "matmul_parts.h"

namespace retort {
namespace RETORT_ISA {

constexpr int32_t tile_rows = 128;

// All tiles, in parts of k.
struct Schedule {
  int32_t rows, columns, parts, depth;
  __host__ __device__ int32_t items() const { return rows * columns * parts; }
};

struct Place {
  int32_t m, n, part, k, steps;
};

// Tiles go down sixteen rows before they go right: 132 tiles of 128 x 256 then read about as many rows as columns.
template <int32_t tile_n, int32_t tile_k>
__device__ __forceinline__ Place place_of(const Schedule& schedule, int32_t item, int32_t depth_of_all) {
  constexpr int32_t height = 16;
  const int32_t tiles = schedule.rows * schedule.columns, part = item / tiles, tile = item % tiles;
  const int32_t first = tile / (height * schedule.columns) * height, within = tile % (height * schedule.columns);
  const int32_t rows = schedule.rows - first < height ? schedule.rows - first : height;
  const int32_t k = part * schedule.depth;
  const int32_t depth = depth_of_all - k < schedule.depth ? depth_of_all - k : schedule.depth;
  return {(first + within % rows) * tile_rows, within / rows * tile_n, part, k, (depth + tile_k - 1) / tile_k};
}

struct Choice {
  int32_t n;
  Schedule schedule;
  double cost;
};

// In steps of 128 x 256, of which a round of tiles takes its depth and about four more to begin and end; a step of
// 128 x 128 takes more than half of one, since it reads 4/3 as much for its work; a second launch for parts about six.
inline Choice choose(const Product& p, int32_t n, int32_t k, bool in_parts) {
  const int64_t tiles = tiles_of(p, tile_rows, n);
  const Parts parts = in_parts ? parts_of(p, tiles, p.processors, k, 8 * k) : Parts{1, p.k};
  const int64_t rounds = (tiles * parts.count + p.processors - 1) / p.processors, steps = (parts.depth + k - 1) / k;
  const double cost = static_cast<double>(rounds * (steps + 4)) * (n == 256 ? 1 : 0.6) + (parts.count > 1 ? 6 : 0);
  const Schedule schedule{static_cast<int32_t>((p.m + tile_rows - 1) / tile_rows),
                          static_cast<int32_t>((p.n + n - 1) / n), parts.count, static_cast<int32_t>(parts.depth)};
  return {n, schedule, cost};
}

inline Choice choose(const Product& p, int32_t k) {
  Choice best = choose(p, 256, k, false);
  for (const Choice& other : {choose(p, 128, k, false), choose(p, 256, k, true), choose(p, 128, k, true)}) {
    if (other.cost < best.cost) best = other;
  }
  return best;
}

}  // namespace RETORT_ISA
}  // namespace retort
