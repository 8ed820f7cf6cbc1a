// How a product's k is split, so that small results still fill the GPU.
#pragma once

#include <algorithm>

#include "matmul.h"

namespace retort {
namespace RETORT_ISA {

inline int64_t tiles_of(const Product& p, int64_t tile_m, int64_t tile_n) {
  return ((p.m + tile_m - 1) / tile_m) * ((p.n + tile_n - 1) / tile_n);
}

struct Parts {
  int32_t count;
  int64_t depth;
};

// As many parts as `at_once` blocks a multiprocessor have room for: none shorter than `least` (a multiple of tile_k),
// and their sums within the scratch memory; one where more would only share the same multiprocessors. More than 128
// would take the second launch longer than they save.
inline Parts parts_of(const Product& p, int64_t tiles, int64_t at_once, int64_t tile_k, int64_t least) {
  constexpr int64_t most = 128;
  const int64_t held = p.scratch_bytes / (static_cast<int64_t>(sizeof(float)) * p.m * p.n);
  const int64_t wanted = std::min({at_once * p.processors / tiles, p.k / least, held, most});
  const auto turns = [&](int64_t blocks) { return (blocks + p.processors - 1) / p.processors; };
  if (wanted < 2 || turns(tiles * wanted) >= wanted * turns(tiles)) return {1, p.k};
  const int64_t depth = ((p.k + wanted - 1) / wanted + tile_k - 1) / tile_k * tile_k;
  return {static_cast<int32_t>((p.k + depth - 1) / depth), depth};
}

// Whether so many blocks of large tiles are worth more than four times as many small ones.
inline bool fill(const Product& p, int64_t blocks) { return 4 * blocks >= 3 * int64_t{p.processors}; }

}  // namespace RETORT_ISA
}  // namespace retort
