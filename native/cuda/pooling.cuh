// What the pooling kernels share: planes of one call, cut so that their places are int32.
#pragma once

#include <algorithm>

#include "device/division.cuh"
#include "device/integer.cuh"
#include "require/pooling.h"

namespace retort {
namespace RETORT_ISA {

constexpr int32_t pooling_threads = 256;

struct PoolingGrid {
  PoolingGrid(const PoolingShape& shape, int64_t planes)
      : window(shape.window),
        height(static_cast<int32_t>(shape.height)),
        width(static_cast<int32_t>(shape.width)),
        rows(static_cast<int32_t>(shape.rows)),
        columns(static_cast<int32_t>(shape.columns)),
        plane(static_cast<int32_t>(shape.plane())),
        pooled(static_cast<int32_t>(shape.pooled())),
        planes(static_cast<int32_t>(planes)),
        by_plane(plane),
        by_width(width),
        by_pooled(pooled),
        by_columns(columns),
        by_stride_h(window.stride_h),
        by_stride_w(window.stride_w) {}

  Window window;
  int32_t height, width, rows, columns, plane, pooled, planes;
  Division<uint32_t> by_plane, by_width, by_pooled, by_columns, by_stride_h, by_stride_w;
};

struct PoolingPlace {
  int32_t plane, row, column;
};

__device__ __forceinline__ PoolingPlace pooling_place(int32_t i, const Division<uint32_t>& by_plane,
                                                      const Division<uint32_t>& by_width) {
  const int32_t plane = by_plane.quotient(i), within = by_plane.remainder(i, plane), row = by_width.quotient(within);
  return {plane, row, by_width.remainder(within, row)};
}

// Whether windows are pairs over pairs that can be moved as such.
inline bool pairs_fit(const PoolingShape& shape, const float* x) {
  return shape.by_two() && shape.height % 2 == 0 && shape.width % 2 == 0 && reinterpret_cast<uintptr_t>(x) % 8 == 0;
}

inline int32_t blocks_for(int64_t count) {
  return static_cast<int32_t>((count + pooling_threads - 1) / pooling_threads);
}

// body(first plane, grid) over pieces whose places are int32.
template <typename Body>
void for_pieces(const PoolingShape& shape, const Body& body) {
  const int64_t most = std::max<int64_t>(INT32_MAX / std::max(shape.plane(), shape.pooled()), 1);
  for (int64_t first = 0; first < shape.planes; first += most) {
    body(first, PoolingGrid(shape, std::min(most, shape.planes - first)));
  }
}

inline void require_int32(const char* op, const PoolingShape& shape) {
  require_plane(op, shape.plane());
  require_plane(op, shape.pooled());
}

// index: or null.
void max_pool_planes(const PoolingShape& shape, const float* x, float* y, int32_t* index, cudaStream_t stream);

}  // namespace RETORT_ISA
}  // namespace retort
