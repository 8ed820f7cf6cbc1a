// A product on the tensor cores of every GPU from sm_80 on, for any of their element types. A block of four warps
// computes a tile of y, a warp a quarter of it, in pieces of 16x8 as one instruction has them. Tiles of both factors
// lie in shared memory as they are stored, 128 bytes of k deep, and the next ones arrive while one is multiplied
// (cp.async); a Mode (matmul_tf32.cu, matmul_bfloat16.cu, matmul_int8.cu) says how registers are filled from them and
// what is multiplied. Bound by the tensor cores where M and N are large, otherwise by memory, and then k is split over
// blocks.
//
// A Mode has: Element in memory, Sum, `elements` of k a multiplication takes, the padding of a row along_k and across
// (in elements; it spreads what a warp reads at once over all banks), load() and multiply(). load gives four words:
// word i is of rows 8·(i mod 2) and k half i / 2 of a 16-row block of A, or of columns 8·(i / 2) and k half i mod 2 of
// a 16-column block of B; mma.cuh says which lane has what of them.
#pragma once

#include "device/mma.cuh"
#include "matmul.cuh"
#include "matmul_parts.h"

namespace retort {
namespace RETORT_ISA {

// A lane's row of 16 bytes for load_matrices: block 8x8 number lane / 8, of a 16-row block of A or of B.
template <bool of_a>
struct LaneBlock {
  int32_t row, half;

  __device__ __forceinline__ LaneBlock() {
    const int32_t block = threadIdx.x % warp_size / 8, line = threadIdx.x % 8;
    row = (of_a ? block % 2 : block / 2) * 8;
    half = of_a ? block / 2 : block % 2;
    within = line;
  }
  int32_t within;
};

// k along the row: a block's row is 16 bytes of k, whatever the element.
template <bool of_a, int32_t pitch, typename Element>
__device__ __forceinline__ void load_along_k(uint32_t (&word)[4], const Element* tile, int32_t row, int32_t k) {
  const LaneBlock<of_a> lane;
  load_matrices(word, tile + (row + lane.row + lane.within) * pitch + k + lane.half * (16 / sizeof(Element)));
}

// How a factor's tile lies in shared memory.
template <typename Mode, bool along_k, int32_t width>
struct TileRows {
  static constexpr int32_t tile_k = 128 / sizeof(typename Mode::Element);
  static constexpr int32_t lines = along_k ? width : tile_k, length = along_k ? tile_k : width;
  static constexpr int32_t pitch = length + (along_k ? Mode::padding_along_k : Mode::padding_across);
  static constexpr int32_t elements = lines * pitch;
};

template <typename Mode, int32_t tile_, bool a_along_k_, bool b_along_k_>
struct TensorTile {
  static constexpr bool a_along_k = a_along_k_, b_along_k = b_along_k_;
  static constexpr int32_t tile = tile_, warp_tile = tile / 2, threads = 4 * warp_size, stages = 3;
  using A = TileRows<Mode, a_along_k, tile>;
  using B = TileRows<Mode, b_along_k, tile>;
  static constexpr int32_t tile_k = A::tile_k, stage = A::elements + B::elements;
  static constexpr size_t shared_bytes = sizeof(typename Mode::Element) * stages * stage;
};

template <typename Rows, bool along_k, int32_t threads, typename Element>
__device__ __forceinline__ void copy_factor(Element* shared, const Factor& factor, bool vectors, int64_t first,
                                            int64_t rows_left, int64_t k, int64_t k_left) {
  const Element* data =
      static_cast<const Element*>(factor.data) + (along_k ? first * factor.row + k : k * factor.row + first);
  copy_tile<Rows::lines, Rows::length, Rows::pitch, threads>(shared, data, factor.row, along_k ? rows_left : k_left,
                                                             along_k ? k_left : rows_left, vectors);
}

// What a warp multiplies at once: `elements` of k of its rows and columns.
template <typename Mode, typename Tile>
struct WarpFragments {
  static constexpr int32_t blocks = Tile::warp_tile / 16;
  uint32_t a[blocks][4], b[blocks][4];

  __device__ __forceinline__ void load(const typename Mode::Element* a_tile, const typename Mode::Element* b_tile,
                                       int32_t m, int32_t n, int32_t k) {
#pragma unroll
    for (int32_t i = 0; i < blocks; ++i) {
      Mode::template load<true, Tile::a_along_k, Tile::A::pitch>(a[i], a_tile, m + 16 * i, k);
    }
#pragma unroll
    for (int32_t i = 0; i < blocks; ++i) {
      Mode::template load<false, Tile::b_along_k, Tile::B::pitch>(b[i], b_tile, n + 16 * i, k);
    }
  }
};

template <typename Mode, typename Tile>
__global__ void __launch_bounds__(Tile::threads, 2)
    tensor_kernel(Product p, int64_t depth, bool a_vectors, bool b_vectors, typename Mode::Sum* partial) {
  using Element = typename Mode::Element;
  using Sum = typename Mode::Sum;
  constexpr int32_t blocks = Tile::warp_tile / 16, tile_k = Tile::tile_k, rounds = tile_k / Mode::elements;
  RETORT_SHARED(Element, shared);
  const Place place = place_of_block<Tile::tile, Tile::tile>(p, depth);
  const int32_t warp = threadIdx.x / warp_size, lane = threadIdx.x % warp_size;
  const int32_t m = warp / 2 * Tile::warp_tile, n = warp % 2 * Tile::warp_tile;
  Sum sum[blocks][2 * blocks][4] = {};
  const int32_t steps = static_cast<int32_t>((place.k_end - place.k + tile_k - 1) / tile_k);
  auto copy = [&](int32_t step) {
    if (step < steps) {
      Element* const to = shared + step % Tile::stages * Tile::stage;
      const int64_t k = place.k + int64_t{step} * tile_k, k_left = place.k_end - k;
      copy_factor<typename Tile::A, Tile::a_along_k, Tile::threads>(to, p.a, a_vectors, place.m, p.m - place.m, k,
                                                                    k_left);
      copy_factor<typename Tile::B, Tile::b_along_k, Tile::threads>(to + Tile::A::elements, p.b, b_vectors, place.n,
                                                                    p.n - place.n, k, k_left);
    }
    // A group each step, empty ones too: what wait_for_copies counts must not depend on the steps that are left.
    commit_copies();
  };
  for (int32_t step = 0; step < Tile::stages - 1; ++step) copy(step);
  for (int32_t step = 0; step < steps; ++step) {
    wait_for_copies<Tile::stages - 2>();
    // Every thread's share of this stage must be there, and the stage that copy() overwrites must be read by all.
    __syncthreads();
    copy(step + Tile::stages - 1);
    const Element* const a_tile = shared + step % Tile::stages * Tile::stage;
    const Element* const b_tile = a_tile + Tile::A::elements;
    WarpFragments<Mode, Tile> fragments[2];
    fragments[0].load(a_tile, b_tile, m, n, 0);
#pragma unroll
    for (int32_t round = 0; round < rounds; ++round) {
      if (round + 1 < rounds) {
        fragments[(round + 1) % 2].load(a_tile, b_tile, m, n, (round + 1) * Mode::elements);
      }
      const WarpFragments<Mode, Tile>& now = fragments[round % 2];
#pragma unroll
      for (int32_t i = 0; i < blocks; ++i) {
#pragma unroll
        for (int32_t j = 0; j < 2 * blocks; ++j) {
          const uint32_t b[2] = {now.b[j / 2][j % 2 * 2], now.b[j / 2][j % 2 * 2 + 1]};
          Mode::multiply(sum[i][j], now.a[i], b);
        }
      }
    }
  }
  wait_for_copies<0>();
#pragma unroll
  for (int32_t j = 0; j < 2 * blocks; ++j) {
    const int64_t column = place.n + n + 8 * j + lane % 4 * 2;
    const Columns<2> scale_and_bias(p, column);
#pragma unroll
    for (int32_t i = 0; i < 2 * blocks; ++i) {
      const Sum values[2] = {sum[i / 2][j][i % 2 * 2], sum[i / 2][j][i % 2 * 2 + 1]};
      store_sums(p, partial, place.m + m + 8 * i + lane / 4, column, values, scale_and_bias);
    }
  }
}

template <typename Mode, typename Tile>
void multiply_tiles(const Product& p, Parts parts) {
  using Sum = typename Mode::Sum;
  const dim3 grid(static_cast<uint32_t>(tiles_of(p, Tile::tile, Tile::tile)), static_cast<uint32_t>(parts.count));
  launch(tensor_kernel<Mode, Tile>, grid, Tile::threads, Tile::shared_bytes, p.stream, p, parts.depth,
         in_vectors(p.a, p.dtype), in_vectors(p.b, p.dtype), parts.count > 1 ? static_cast<Sum*>(p.scratch) : nullptr);
  if (parts.count > 1) sum_parts(p, parts.count);
}

// Large tiles where they fill the GPU; two blocks of them, or four of the small ones, run on a multiprocessor at once.
template <typename Mode, bool a_along_k, bool b_along_k>
void multiply_stored(const Product& p) {
  using Large = TensorTile<Mode, 128, a_along_k, b_along_k>;
  using Small = TensorTile<Mode, 64, a_along_k, b_along_k>;
  const int64_t large = tiles_of(p, Large::tile, Large::tile), small = tiles_of(p, Small::tile, Small::tile);
  const Parts parts = parts_of(p, large, 2, Large::tile_k, 8 * Large::tile_k);
  if (std::min(p.m, p.n) > 64 && fill(p, large * parts.count)) {
    multiply_tiles<Mode, Large>(p, parts);
  } else {
    multiply_tiles<Mode, Small>(p, parts_of(p, small, 4, Small::tile_k, 4 * Small::tile_k));
  }
}

template <typename Mode>
void multiply_on_tensor_cores(const Product& p) {
  if (p.a.along_k) {
    p.b.along_k ? multiply_stored<Mode, true, true>(p) : multiply_stored<Mode, true, false>(p);
  } else {
    p.b.along_k ? multiply_stored<Mode, false, true>(p) : multiply_stored<Mode, false, false>(p);
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
