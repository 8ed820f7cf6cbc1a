// How a warp group's sums, spread over its threads as wgmma leaves them, become y: neighbouring lanes exchange what
// they hold, so that each stores 16 bytes and four of them 64 in one row.
#pragma once

#include "device/activate.cuh"
#include "device/mma.cuh"
#include "matmul.h"
#include "retort/bfloat16.h"

namespace retort {
namespace RETORT_ISA {

// Columns that go through the lanes together: four groups of 8, of each of which a lane holds two.
constexpr int32_t groups_at_once = 4, columns_at_once = 8 * groups_at_once;

// Of one row, what this lane stores; `left` columns of the tile lie within y.
template <int32_t count, typename T>
__device__ __forceinline__ void store_vector(T* row, int32_t column, int32_t left, bool vectors,
                                             const T (&values)[count]) {
  struct alignas(16) Vector {
    T values[count];
  };
  static_assert(sizeof(Vector) == 16, "one vector");
  if (vectors && column < left) {
    Vector vector;
#pragma unroll
    for (int32_t i = 0; i < count; ++i) vector.values[i] = values[i];
    *reinterpret_cast<Vector*>(row + column) = vector;
    return;
  }
#pragma unroll
  for (int32_t i = 0; i < count; ++i) {
    if (column + i < left) row[column + i] = values[i];
  }
}

// sums[2g], sums[2g + 1]: columns 8g + 2t and the next, t the lane's place among four.
__device__ __forceinline__ void store_columns(float* row, int32_t column, int32_t left, bool vectors,
                                              const float (&sums)[2 * groups_at_once]) {
  const int32_t t = static_cast<int32_t>(threadIdx.x) % 4;
  const bool odd = t % 2 != 0;
#pragma unroll
  for (int32_t g = 0; g < groups_at_once; g += 2) {
    // Of two groups the even lane gets four columns of the first, the odd one of the second.
    const float first0 = sums[2 * g], first1 = sums[2 * g + 1], second0 = sums[2 * g + 2], second1 = sums[2 * g + 3];
    const float other0 = __shfl_xor_sync(whole_warp, odd ? first0 : second0, 1);
    const float other1 = __shfl_xor_sync(whole_warp, odd ? first1 : second1, 1);
    const float values[4] = {odd ? other0 : first0, odd ? other1 : first1, odd ? second0 : other0,
                             odd ? second1 : other1};
    store_vector(row, column + 8 * g + t % 2 * 8 + t / 2 * 4, left, vectors, values);
  }
}

__device__ __forceinline__ void store_columns(bfloat16* row, int32_t column, int32_t left, bool vectors,
                                              const float (&sums)[2 * groups_at_once]) {
  const int32_t t = static_cast<int32_t>(threadIdx.x) % 4;
  const bool odd = t % 2 != 0, upper = t / 2 != 0;
  uint32_t word[4];
#pragma unroll
  for (int32_t g = 0; g < 4; ++g) word[g] = pack_bfloat16(sums[2 * g], sums[2 * g + 1]);
  // Each lane gets one whole group: a transposition of 4 x 4 words, by pairs of lanes and then within them. low comes
  // from lanes 0 and 1, high from 2 and 3.
  const uint32_t far0 = __shfl_xor_sync(whole_warp, upper ? word[0] : word[2], 2);
  const uint32_t far1 = __shfl_xor_sync(whole_warp, upper ? word[1] : word[3], 2);
  const uint32_t low0 = upper ? far0 : word[0], low1 = upper ? far1 : word[1];
  const uint32_t high0 = upper ? word[2] : far0, high1 = upper ? word[3] : far1;
  const uint32_t low = __shfl_xor_sync(whole_warp, odd ? low0 : low1, 1);
  const uint32_t high = __shfl_xor_sync(whole_warp, odd ? high0 : high1, 1);
  const uint32_t words[4] = {odd ? low : low0, odd ? low1 : low, odd ? high : high0, odd ? high1 : high};
  bfloat16 values[8];
#pragma unroll
  for (int32_t i = 0; i < 4; ++i) {
    values[2 * i] = {static_cast<uint16_t>(words[i])};
    values[2 * i + 1] = {static_cast<uint16_t>(words[i] >> 16)};
  }
  store_vector(row, column + 8 * t, left, vectors, values);
}

// Where a tile's rows m and m + 8 go, from column n on: to y, or to a part of the partial sums, as they are.
struct Destination {
  bool narrow, vectors;
  unsigned char* rows[2];
  int32_t columns, left[2];  // of y, from n on; none for a row that is not there
  const float* bias;
  Activation activation;

  __device__ __forceinline__ Destination(const Product& p, int64_t m, int64_t n, bool partial, int64_t part) {
    narrow = !partial && p.y_dtype == DType::bfloat16;
    unsigned char* const data = static_cast<unsigned char*>(partial ? p.scratch : p.y);
    const int64_t width = narrow ? 2 : 4, row_bytes = width * (partial ? p.n : p.y_row);
    columns = static_cast<int32_t>(p.n - n);
    vectors = (reinterpret_cast<uintptr_t>(data) | static_cast<uintptr_t>(row_bytes | p.n * width)) % 16 == 0;
#pragma unroll
    for (int32_t half = 0; half < 2; ++half) {
      const int64_t row = m + 8 * half;
      rows[half] = data + ((partial ? part * p.m : 0) + row) * row_bytes + n * width;
      left[half] = row < p.m ? columns : 0;
    }
    bias = partial || !p.bias ? nullptr : p.bias + n;
    activation = partial ? Activation::none : p.activation;
  }
};

// d of both rows and of `count / 2` columns, as wgmma.cuh says. In pieces, each with its own branches, so that the
// compiler does not compute the activations of all of them at the same time, for which there are no registers.
template <int32_t count>
__device__ __forceinline__ void store_tile(const Destination& to, float (&d)[count]) {
  const int32_t mine = static_cast<int32_t>(threadIdx.x) % 4 * 2;
#pragma unroll
  for (int32_t first = 0; first < count / 4; first += groups_at_once) {
    float sums[2][2 * groups_at_once];
#pragma unroll
    for (int32_t i = 0; i < 4 * groups_at_once; ++i) sums[i / 2 % 2][i / 4 * 2 + i % 2] = d[4 * first + i];
    if (to.bias) {
#pragma unroll
      for (int32_t i = 0; i < 2 * groups_at_once; ++i) {
        const int32_t column = 8 * first + i / 2 * 8 + mine + i % 2;
        const float bias = column < to.columns ? __ldg(to.bias + column) : 0.0f;
        sums[0][i] += bias, sums[1][i] += bias;
      }
    }
    if (to.activation == Activation::relu) {
#pragma unroll
      for (int32_t i = 0; i < 4 * groups_at_once; ++i)
        sums[i % 2][i / 2] = activate(sums[i % 2][i / 2], Activation::relu);
    } else if (to.activation == Activation::gelu) {
#pragma unroll
      for (int32_t i = 0; i < 4 * groups_at_once; ++i)
        sums[i % 2][i / 2] = activate(sums[i % 2][i / 2], Activation::gelu);
    }
#pragma unroll
    for (int32_t half = 0; half < 2; ++half) {
      if (to.narrow) {
        store_columns(reinterpret_cast<bfloat16*>(to.rows[half]), 8 * first, to.left[half], to.vectors, sums[half]);
      } else {
        store_columns(reinterpret_cast<float*>(to.rows[half]), 8 * first, to.left[half], to.vectors, sums[half]);
      }
    }
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
