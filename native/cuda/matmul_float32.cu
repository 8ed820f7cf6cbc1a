// Products of float32 as they are. A block computes a tile of y, a thread 4x4 pieces of it in registers: 8x8 values in
// the largest tile, so that 64 multiply-adds pay for four 16-byte loads from shared memory. Tiles of both factors lie
// there with k as the row, whichever way they are stored, and the next ones arrive while one is multiplied (cp.async, 4
// bytes at a time where k runs along the stored row, since that turns them). Bound by the rate of multiply-adds; by
// memory where M or N is small, and then k is split over blocks.
#include "cuda_kernels.h"
#include "matmul.cuh"
#include "matmul_parts.h"

namespace retort {
namespace RETORT_ISA {
namespace {

// Two stages: a step of 32 k's takes longer than the way from memory.
constexpr int32_t tile_k = 32, stages = 2;

// m_pieces x n_pieces pieces a thread; a warp is 4 lanes high and 8 wide.
template <int32_t warps_m_, int32_t warps_n_, int32_t m_pieces_, int32_t n_pieces_>
struct Tile {
  static constexpr int32_t warps_m = warps_m_, warps_n = warps_n_, m_pieces = m_pieces_, n_pieces = n_pieces_;
  static constexpr int32_t warp_m = 16 * m_pieces, warp_n = 32 * n_pieces;
  static constexpr int32_t m = warps_m * warp_m, n = warps_n * warp_n, warps = warps_m * warps_n;
  static constexpr int32_t threads = warps * warp_size;
  // Four more floats a row: eight rows of a column, as copy_turned writes them, then lie in eight different quads of
  // banks, and rows still begin on 16 bytes.
  static constexpr int32_t m_pitch = m + 4, n_pitch = n + 4;
  static constexpr int32_t stage = tile_k * (m_pitch + n_pitch);
  static constexpr size_t shared_bytes = sizeof(float) * stages * stage;
};
using Large = Tile<4, 2, 2, 2>;   // 128x128, 256 threads
using Medium = Tile<2, 2, 2, 1>;  // 64x64, 128 threads
using Small = Tile<2, 1, 1, 1>;   // 32x32, 64 threads

// tile_k elements of each of `width` stored rows, turned: k becomes the row. A warp's lanes take 8 k's of 4 rows.
template <int32_t width, int32_t pitch, int32_t warps>
__device__ __forceinline__ void copy_turned(float* shared, const float* global, int64_t row, int64_t rows_left,
                                            int64_t k_left) {
  // Warps side by side along k as far as there are any; then k is the inner one of two loops.
  constexpr int32_t across = warps < tile_k / 8 ? warps : tile_k / 8, k_turns = tile_k / 8 / across;
  constexpr int32_t step = warps / across * 4;
  static_assert(warps % across == 0 && width % step == 0, "every warp keeps its k");
  const int32_t lane = threadIdx.x % warp_size, warp = threadIdx.x / warp_size;
  const int32_t k = warp % across * 8 + lane % 8, first = warp / across * 4 + lane / 8;
  const float* from = global + first * row + k;
  float* to = shared + k * pitch + first;
  if (rows_left >= width && k_left >= tile_k) {
#pragma unroll
    for (int32_t i = 0; i < width; i += step, from += step * row) {
#pragma unroll
      for (int32_t j = 0; j < k_turns; ++j) copy_async_4(to + i + j * 8 * across * pitch, from + j * 8 * across);
    }
    return;
  }
#pragma unroll 1
  for (int32_t i = 0; i < width; i += step, from += step * row) {
#pragma unroll
    for (int32_t j = 0; j < k_turns; ++j) {
      const int32_t ahead = j * 8 * across;
      copy_async_4(to + i + ahead * pitch, from + ahead, first + i < rows_left && k + ahead < k_left);
    }
  }
}

template <bool along_k, int32_t width, int32_t pitch, int32_t warps>
__device__ __forceinline__ void copy_factor(float* shared, const Factor& factor, bool vectors, int64_t first,
                                            int64_t rows_left, int64_t k, int64_t k_left) {
  const float* data = static_cast<const float*>(factor.data);
  if (along_k) {
    copy_turned<width, pitch, warps>(shared, data + first * factor.row + k, factor.row, rows_left, k_left);
  } else {
    copy_tile<tile_k, width, pitch, warps * warp_size>(shared, data + k * factor.row + first, factor.row, k_left,
                                                       rows_left, vectors);
  }
}

template <int32_t pieces, int32_t distance>
__device__ __forceinline__ void load_pieces(float (&values)[4 * pieces], const float* shared) {
#pragma unroll
  for (int32_t i = 0; i < pieces; ++i) {
    const float4 piece = *reinterpret_cast<const float4*>(shared + i * distance);
    values[4 * i] = piece.x, values[4 * i + 1] = piece.y, values[4 * i + 2] = piece.z, values[4 * i + 3] = piece.w;
  }
}

// Two blocks a multiprocessor: one computes while the other waits at its barrier.
template <typename Tile, bool a_along_k, bool b_along_k>
__global__ void __launch_bounds__(Tile::threads, 2)
    multiply_kernel(Product p, int64_t depth, bool a_vectors, bool b_vectors, float* partial) {
  constexpr int32_t rows = 4 * Tile::m_pieces, columns = 4 * Tile::n_pieces;
  RETORT_SHARED(float, shared);
  const Place place = place_of_block<Tile::m, Tile::n>(p, depth);
  const int32_t lane = threadIdx.x % warp_size, warp = threadIdx.x / warp_size;
  // Lanes in a zigzag, so that pairs of neighbours read the same 16 bytes of one factor or the other: shared memory
  // serves such a load in two rounds instead of four.
  const int32_t m = warp / Tile::warps_n * Tile::warp_m + (lane / 16 * 2 + lane % 2) * 4;
  const int32_t n = warp % Tile::warps_n * Tile::warp_n + lane / 2 % 8 * 4;
  float sum[rows][columns] = {};
  const int32_t steps = static_cast<int32_t>((place.k_end - place.k + tile_k - 1) / tile_k);
  auto copy = [&](int32_t step) {
    if (step < steps) {
      float* const to = shared + step % stages * Tile::stage;
      const int64_t k = place.k + int64_t{step} * tile_k, k_left = place.k_end - k;
      copy_factor<a_along_k, Tile::m, Tile::m_pitch, Tile::warps>(to, p.a, a_vectors, place.m, p.m - place.m, k,
                                                                  k_left);
      copy_factor<b_along_k, Tile::n, Tile::n_pitch, Tile::warps>(to + tile_k * Tile::m_pitch, p.b, b_vectors, place.n,
                                                                  p.n - place.n, k, k_left);
    }
    // A group each step, empty ones too: what wait_for_copies counts must not depend on the steps that are left.
    commit_copies();
  };
  for (int32_t step = 0; step < stages - 1; ++step) copy(step);
  for (int32_t step = 0; step < steps; ++step) {
    wait_for_copies<stages - 2>();
    // Every thread's share of this stage must be there, and the stage that copy() overwrites must be read by all.
    __syncthreads();
    copy(step + stages - 1);
    const float* const a_tile = shared + step % stages * Tile::stage + m;
    const float* const b_tile = shared + step % stages * Tile::stage + tile_k * Tile::m_pitch + n;
    float a[2][rows], b[2][columns];
    load_pieces<Tile::m_pieces, 16>(a[0], a_tile);
    load_pieces<Tile::n_pieces, 32>(b[0], b_tile);
#pragma unroll
    for (int32_t k = 0; k < tile_k; ++k) {
      if (k + 1 < tile_k) {
        load_pieces<Tile::m_pieces, 16>(a[(k + 1) % 2], a_tile + (k + 1) * Tile::m_pitch);
        load_pieces<Tile::n_pieces, 32>(b[(k + 1) % 2], b_tile + (k + 1) * Tile::n_pitch);
      }
#pragma unroll
      for (int32_t i = 0; i < rows; ++i) {
#pragma unroll
        for (int32_t j = 0; j < columns; ++j) sum[i][j] += a[k % 2][i] * b[k % 2][j];
      }
    }
  }
  wait_for_copies<0>();
#pragma unroll
  for (int32_t piece = 0; piece < Tile::n_pieces; ++piece) {
    const int64_t column = place.n + n + piece * 32;
    const Columns<4> scale_and_bias(p, column);
#pragma unroll
    for (int32_t i = 0; i < rows; ++i) {
      const float values[4] = {sum[i][4 * piece], sum[i][4 * piece + 1], sum[i][4 * piece + 2], sum[i][4 * piece + 3]};
      store_sums(p, partial, place.m + m + i / 4 * 16 + i % 4, column, values, scale_and_bias);
    }
  }
}

template <typename Tile>
void multiply(const Product& p, Parts parts) {
  auto* const kernel = p.a.along_k
                           ? (p.b.along_k ? multiply_kernel<Tile, true, true> : multiply_kernel<Tile, true, false>)
                           : (p.b.along_k ? multiply_kernel<Tile, false, true> : multiply_kernel<Tile, false, false>);
  const dim3 grid(static_cast<uint32_t>(tiles_of(p, Tile::m, Tile::n)), static_cast<uint32_t>(parts.count));
  launch(kernel, grid, Tile::threads, Tile::shared_bytes, p.stream, p, parts.depth, in_vectors(p.a, p.dtype),
         in_vectors(p.b, p.dtype), parts.count > 1 ? static_cast<float*>(p.scratch) : nullptr);
  if (parts.count > 1) sum_parts(p, parts.count);
}

// With as many blocks at once as registers and shared memory allow; shorter parts would spend their time on filling the
// pipeline.
template <typename Tile>
Parts parts_of_tile(const Product& p, int64_t at_once) {
  return parts_of(p, tiles_of(p, Tile::m, Tile::n), at_once, tile_k, 4 * tile_k);
}

template <typename Tile>
bool fills(const Product& p, Parts parts) {
  return fill(p, tiles_of(p, Tile::m, Tile::n) * parts.count);
}

}  // namespace

void multiply_float32(const Product& p) {
  const Parts large = parts_of_tile<Large>(p, 2), medium = parts_of_tile<Medium>(p, 4);
  const int64_t narrow = std::min(p.m, p.n);
  if (narrow > 64 && fills<Large>(p, large)) {
    multiply<Large>(p, large);
  } else if (narrow > 32 && fills<Medium>(p, medium)) {
    multiply<Medium>(p, medium);
  } else {
    multiply<Small>(p, parts_of_tile<Small>(p, 8));
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
