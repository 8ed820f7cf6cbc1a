// Ops that move values and compute nothing: fill, permute, copy_slice. Bound by memory: an element's bytes twice, once
// where it is filled.
//
// A permutation that keeps x's last axis, and a slice, moves units of up to 16 bytes, as wide as the runs and addresses
// allow: each thread looks for where its unit of y comes from. Other permutations transpose x's last axis with y's:
// tiles go through shared memory, so that both sides are read and written along memory. Where one of the two axes is
// too short for a tile, elements are looked for one by one: few streams of neighbours are read at a time.
#include "require/copy.h"

#include <algorithm>

#include "cuda_kernels.h"
#include "device/division.cuh"
#include "device/elements.cuh"
#include "retort/bfloat16.h"
#include "transposition.h"

namespace retort {
namespace RETORT_ISA {
namespace {

// Axes shorter than this leave most of a tile empty.
constexpr int64_t least_of_tile = 8;

template <typename Element>
struct Fill {
  Element* y;
  Element value;

  template <int32_t width>
  __device__ __forceinline__ Pack<Element, width> load(int64_t) const {
    Pack<Element, width> v;
#pragma unroll
    for (int32_t j = 0; j < width; ++j) v.at[j] = value;
    return v;
  }
  template <int32_t width>
  __device__ __forceinline__ void store(int64_t i, const Pack<Element, width>& v) const {
    store_pack(y + i, v);
  }
};

template <typename Element>
void fill_with(TensorView& y, Element value, cudaStream_t stream) {
  const Fill<Element> body{static_cast<Element*>(y.data), value};
  launch_elements<16 / sizeof(Element)>(body, y.size(), aligned_to(16, y.data), stream);
}

// y[to(i)] = x[from(i)].
template <typename Unit, typename Index>
struct Gather {
  const Unit* x;
  Unit* y;
  Places<Index> from, to;

  template <int32_t width>
  __device__ __forceinline__ Pack<Unit, width> load(int64_t i) const {
    static_assert(width == 1, "a unit is as wide as it can be");
    return load_pack<1>(x + from.offset(i));
  }
  template <int32_t width>
  __device__ __forceinline__ void store(int64_t i, const Pack<Unit, width>& v) const {
    store_pack(y + to.offset(i), v);
  }
};

// Runs of bytes that move: their sizes and steps in bytes, the runs themselves first, then innermost first.
struct Move {
  int32_t count = 0;
  int64_t size[TensorView::max_rank + 1], x_step[TensorView::max_rank + 1], y_step[TensorView::max_rank + 1];

  void add(int64_t size_, int64_t x_step_, int64_t y_step_) {
    size[count] = size_;
    x_step[count] = x_step_;
    y_step[count++] = y_step_;
  }
};

// One side's steps, counted in units; dimensions that follow each other in its memory are one.
template <typename Index>
Places<Index> places_of(const Move& move, const int64_t* steps, int64_t unit) {
  int32_t count = 0;
  int64_t sizes[TensorView::max_rank + 1], in_units[TensorView::max_rank + 1];
  for (int32_t d = 0; d < move.count; ++d) {
    const int64_t size = d == 0 ? move.size[0] / unit : move.size[d], step = d == 0 ? 1 : steps[d] / unit;
    if (size == 1) continue;
    if (count > 0 && step == in_units[count - 1] * sizes[count - 1]) {
      sizes[count - 1] *= size;
      continue;
    }
    sizes[count] = size;
    in_units[count++] = step;
  }
  return Places<Index>(count, sizes, in_units);
}

template <typename Unit>
void gather_units(const Move& move, const char* x, char* y, int64_t reach, cudaStream_t stream) {
  constexpr int64_t unit = sizeof(Unit);
  int64_t n = 1;
  for (int32_t d = 0; d < move.count; ++d) n *= d == 0 ? move.size[0] / unit : move.size[d];
  const auto gather = [&](auto index) {
    using Index = decltype(index);
    const Gather<Unit, Index> body{reinterpret_cast<const Unit*>(x), reinterpret_cast<Unit*>(y),
                                   places_of<Index>(move, move.x_step, unit),
                                   places_of<Index>(move, move.y_step, unit)};
    launch_groups<1>(body, n, stream);
  };
  if (reach / unit <= most_narrow) return gather(uint32_t{});
  gather(int64_t{});
}

// reach: the bytes of the longer tensor.
void gather(const Move& move, const char* x, char* y, int64_t reach, cudaStream_t stream) {
  auto fits = [&](int64_t unit) {
    bool all = move.size[0] % unit == 0 && aligned_to(static_cast<size_t>(unit), x, y);
    for (int32_t d = 1; d < move.count; ++d) all = all && move.x_step[d] % unit == 0 && move.y_step[d] % unit == 0;
    return all;
  };
  if (fits(16)) return gather_units<uint4>(move, x, y, reach, stream);
  if (fits(8)) return gather_units<uint2>(move, x, y, reach, stream);
  if (fits(4)) return gather_units<uint32_t>(move, x, y, reach, stream);
  if (fits(2)) return gather_units<uint16_t>(move, x, y, reach, stream);
  gather_units<uint8_t>(move, x, y, reach, stream);
}

}  // namespace

void CudaKernels::fill(TensorView& y, float value) {
  Operands operands("fill");
  operands.out("y", y);
  require_fill(y, value);
  switch (y.dtype) {
    case DType::float32:
      return fill_with(y, value, stream_);
    case DType::int32:
      return fill_with(y, static_cast<int32_t>(value), stream_);
    case DType::uint8:
      return fill_with(y, static_cast<uint8_t>(value), stream_);
    case DType::bfloat16:
      return fill_with(y, to_bfloat16(value), stream_);
    case DType::int8:
      return fill_with(y, static_cast<int8_t>(value), stream_);
  }
}

void CudaKernels::permute(const TensorView& x, TensorView& y, const int32_t* permutation) {
  Operands operands("permute");
  operands.in("x", x).out("y", y);
  require_permute(x, y, permutation);
  const Axes axes = axes_of(x, permutation);
  const int32_t last = axes.count - 1, across = transposed_axis(axes);
  if (across >= 0 && std::min(axes.size[across], axes.size[last]) >= least_of_tile) {
    return launch_transposition(x, y, axes, across, stream_);
  }
  const int64_t width = width_of(x.dtype);
  const bool runs = across < 0 && last >= 0;
  Move move;
  move.add(runs ? axes.size[last] * width : width, 1, 1);
  for (int32_t i = runs ? last - 1 : last; i >= 0; --i) {
    move.add(axes.size[i], axes.x_stride[i] * width, axes.y_stride[i] * width);
  }
  gather(move, static_cast<const char*>(x.data), static_cast<char*>(y.data), x.size() * width, stream_);
}

void CudaKernels::copy_slice(const TensorView& x, TensorView& y, int32_t axis, int64_t x_start, int64_t y_start,
                             int64_t length) {
  Operands operands("copy_slice");
  operands.in("x", x).in_out("y", y);
  const Slice slice = require_copy_slice(x, y, axis, x_start, y_start, length);
  if (slice.bytes == 0) return;
  Move move;
  move.add(slice.bytes, 1, 1);
  move.add(slice.outer, slice.x_row, slice.y_row);
  gather(move, static_cast<const char*>(x.data) + slice.x_start, static_cast<char*>(y.data) + slice.y_start,
         std::max(x.size(), y.size()) * width_of(x.dtype), stream_);
}

}  // namespace RETORT_ISA
}  // namespace retort
