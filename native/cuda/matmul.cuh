// What every kernel of a product shares: where a block works, how factors come into shared memory, how sums become y.
#pragma once

#include "device/activate.cuh"
#include "device/copy.cuh"
#include "matmul.h"
#include "retort/bfloat16.h"

namespace retort {
namespace RETORT_ISA {

// A block's tile of y begins at (m, n), and it sums over [k, k_end).
struct Place {
  int64_t m, n, k, k_end;
};

// Blocks that run together read few different rows: they go down eight tiles before they go right.
template <int32_t tile_m, int32_t tile_n>
__device__ __forceinline__ Place place_of_block(const Product& p, int64_t depth) {
  const int64_t rows = (p.m + tile_m - 1) / tile_m, columns = (p.n + tile_n - 1) / tile_n, block = blockIdx.x;
  const int64_t first = block / (8 * columns) * 8, within = block % (8 * columns);
  const int64_t height = rows - first < 8 ? rows - first : 8;
  const int64_t k = int64_t{blockIdx.y} * depth;
  return {(first + within % height) * tile_m, within / height * tile_n, k, k + depth < p.k ? k + depth : p.k};
}

// A block's copy of `lines` stored rows, `length` elements of each, `pitch` elements from one to the next in shared
// memory; zeros from lines_left and from elements_left on. Rows that do not begin on 16 bytes go by single elements:
// floats still asynchronously, smaller ones through registers.
template <int32_t lines, int32_t length, int32_t pitch, int32_t threads, typename Element>
__device__ __forceinline__ void copy_tile(Element* shared, const Element* global, int64_t row, int64_t lines_left,
                                          int64_t elements_left, bool vectors) {
  constexpr int32_t per_vector = 16 / sizeof(Element), per_line = length / per_vector;
  static_assert(threads % per_line == 0 && lines * per_line % threads == 0, "every thread copies whole lines' pieces");
  constexpr int32_t step = threads / per_line;
  const int32_t line = static_cast<int32_t>(threadIdx.x) / per_line;
  const int32_t at = static_cast<int32_t>(threadIdx.x) % per_line * per_vector;
  const Element* from = global + line * row + at;
  Element* to = shared + line * pitch + at;
  if (vectors && lines_left >= lines && elements_left >= length) {
#pragma unroll
    for (int32_t i = 0; i < lines / step; ++i, from += step * row) copy_async_16(to + i * step * pitch, from);
    return;
  }
  const int64_t left = elements_left - at;
  const int32_t valid = left <= 0 ? 0 : left < per_vector ? static_cast<int32_t>(left) : per_vector;
#pragma unroll 1
  for (int32_t i = 0; i < lines / step; ++i, from += step * row, to += step * pitch) {
    const int32_t here = line + i * step < lines_left ? valid : 0;
    if (vectors) {
      copy_async_16(to, from, static_cast<uint32_t>(here) * sizeof(Element));
      continue;
    }
#pragma unroll
    for (int32_t e = 0; e < per_vector; ++e) {
      if constexpr (sizeof(Element) == 4) {
        copy_async_4(to + e, from + e, e < here);
      } else {
        to[e] = e < here ? from[e] : Element{};
      }
    }
  }
}

// Scale and bias of neighbouring columns.
template <int32_t count>
struct Columns {
  float scale[count], bias[count];

  __device__ __forceinline__ Columns(const Product& p, int64_t n) {
#pragma unroll
    for (int32_t i = 0; i < count; ++i) {
      scale[i] = p.scale && n + i < p.n ? p.scale[n + i] : 1.0f;
      bias[i] = p.bias && n + i < p.n ? p.bias[n + i] : 0.0f;
    }
  }
};

template <int32_t count, typename T>
__device__ __forceinline__ void store_row(T* to, const T (&values)[count], int64_t left) {
  struct alignas(count * sizeof(T)) Vector {
    T values[count];
  };
  if (left >= count && reinterpret_cast<uintptr_t>(to) % sizeof(Vector) == 0) {
    Vector vector;
#pragma unroll
    for (int32_t i = 0; i < count; ++i) vector.values[i] = values[i];
    *reinterpret_cast<Vector*>(to) = vector;
  } else {
#pragma unroll
    for (int32_t i = 0; i < count; ++i) {
      if (i < left) to[i] = values[i];
    }
  }
}

// y at (m, n) and the columns beside it, of finished sums.
template <int32_t count, typename Sum>
__device__ __forceinline__ void finish(const Product& p, int64_t m, int64_t n, const Sum (&sums)[count],
                                       const Columns<count>& columns) {
  float values[count];
#pragma unroll
  for (int32_t i = 0; i < count; ++i) {
    values[i] = activate(static_cast<float>(sums[i]) * columns.scale[i] + columns.bias[i], p.activation);
  }
  if (p.y_dtype == DType::bfloat16) {
    bfloat16 rounded[count];
#pragma unroll
    for (int32_t i = 0; i < count; ++i) rounded[i] = to_bfloat16(values[i]);
    store_row(static_cast<bfloat16*>(p.y) + m * p.y_row + n, rounded, p.n - n);
  } else {
    store_row(static_cast<float*>(p.y) + m * p.y_row + n, values, p.n - n);
  }
}

// The sums of one block: to y, or to its part of the partial sums where k is split.
template <int32_t count, typename Sum>
__device__ __forceinline__ void store_sums(const Product& p, Sum* partial, int64_t m, int64_t n,
                                           const Sum (&sums)[count], const Columns<count>& columns) {
  if (m >= p.m || n >= p.n) return;
  if (partial) {
    store_row(partial + (int64_t{blockIdx.y} * p.m + m) * p.n + n, sums, p.n - n);
  } else {
    finish(p, m, n, sums, columns);
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
