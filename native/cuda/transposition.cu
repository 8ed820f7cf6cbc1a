// A block takes a tile of one plane of x's last axis and y's: it reads along x's, lays the tile into shared memory, and
// writes along y's. Tiles have rows of 128 bytes where the elements allow. Bound by memory: each element's bytes twice.
#include "transposition.h"

#include "device/division.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t threads = 256, rows_at_once = threads / warp_size;

// The planes, each a transposition of y[rows, columns] = x[columns, rows], whose steps are those of the slower axis.
template <typename Index>
struct Planes {
  int64_t rows, columns, x_step, y_step;
  uint32_t row_tiles, column_tiles;
  Places<Index> x_place, y_place;
};

template <typename Element, typename Index, int32_t side>
__global__ void __launch_bounds__(threads) transpose_kernel(const Planes<Index> planes, const Element* x, Element* y) {
  // One bank more a row: a column's elements lie in different banks.
  __shared__ Element tile[side][side + 4 / sizeof(Element)];
  const uint32_t column_tile = blockIdx.x % planes.column_tiles, rest = blockIdx.x / planes.column_tiles;
  const int64_t row = int64_t{rest % planes.row_tiles} * side, column = int64_t{column_tile} * side;
  const int64_t plane = rest / planes.row_tiles;
  const int32_t lane = threadIdx.x % warp_size, line = threadIdx.x / warp_size;
  x += planes.x_place.offset(plane) + column * planes.x_step + row;
  y += planes.y_place.offset(plane) + row * planes.y_step + column;
  const int64_t rows = planes.rows - row, columns = planes.columns - column;
#pragma unroll
  for (int32_t c = line; c < side; c += rows_at_once) {
#pragma unroll
    for (int32_t r = lane; r < side; r += warp_size) {
      if (c < columns && r < rows) tile[c][r] = x[c * planes.x_step + r];
    }
  }
  // Columns are read that other warps have written.
  __syncthreads();
#pragma unroll
  for (int32_t r = line; r < side; r += rows_at_once) {
#pragma unroll
    for (int32_t c = lane; c < side; c += warp_size) {
      if (c < columns && r < rows) y[r * planes.y_step + c] = tile[c][r];
    }
  }
}

template <typename Element, typename Index, int32_t side>
void transpose(const TensorView& x, TensorView& y, const Axes& axes, int32_t across, cudaStream_t stream) {
  const int32_t last = axes.count - 1;
  int32_t count = 0;
  int64_t sizes[TensorView::max_rank], x_steps[TensorView::max_rank], y_steps[TensorView::max_rank], planes = 1;
  for (int32_t i = last - 1; i >= 0; --i) {
    if (i == across) continue;
    sizes[count] = axes.size[i];
    x_steps[count] = axes.x_stride[i];
    y_steps[count++] = axes.y_stride[i];
    planes *= axes.size[i];
  }
  const int64_t rows = axes.size[across], columns = axes.size[last];
  const int64_t row_tiles = (rows + side - 1) / side, column_tiles = (columns + side - 1) / side;
  const Planes<Index> shape{rows,
                            columns,
                            axes.x_stride[last],
                            axes.y_stride[across],
                            static_cast<uint32_t>(row_tiles),
                            static_cast<uint32_t>(column_tiles),
                            {count, sizes, x_steps},
                            {count, sizes, y_steps}};
  launch(transpose_kernel<Element, Index, side>, static_cast<uint32_t>(planes * row_tiles * column_tiles), threads, 0,
         stream, shape, static_cast<const Element*>(x.data), static_cast<Element*>(y.data));
}

template <typename Element, int32_t side>
void transpose(const TensorView& x, TensorView& y, const Axes& axes, int32_t across, cudaStream_t stream) {
  if (x.size() <= most_narrow) return transpose<Element, uint32_t, side>(x, y, axes, across, stream);
  transpose<Element, int64_t, side>(x, y, axes, across, stream);
}

}  // namespace

void launch_transposition(const TensorView& x, TensorView& y, const Axes& axes, int32_t across, cudaStream_t stream) {
  switch (width_of(x.dtype)) {
    case 1:
      return transpose<uint8_t, 64>(x, y, axes, across, stream);
    case 2:
      return transpose<uint16_t, 64>(x, y, axes, across, stream);
    default:
      return transpose<uint32_t, 32>(x, y, axes, across, stream);
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
