// Two operands, element by element, either one repeated along dimensions. Bound by memory: 12 bytes an element where
// neither repeats. A repeated operand is found by products instead of divisions, once for four neighbours where they
// lie in one run of the innermost loop.
#include "broadcast.h"
#include "cuda_kernels.h"
#include "device/division.cuh"
#include "device/elements.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

template <BinaryOp op>
__device__ __forceinline__ float value_of(float l, float r) {
  if constexpr (op == BinaryOp::add) return l + r;
  if constexpr (op == BinaryOp::subtract) return l - r;
  if constexpr (op == BinaryOp::multiply) return l * r;
  if constexpr (op == BinaryOp::divide) return l / r;
  // NaN on either side gives NaN.
  const float chosen = op == BinaryOp::maximum ? (l > r ? l : r) : (l < r ? l : r);
  return l != l ? l : chosen;
}

// How an operand lies under y. dense: in y's shape. one: a single value. run: four neighbours of y, the first of them
// at a multiple of 4, are four neighbours here; run_of_one: they are one value here. anyhow: each for itself.
enum class Kind : int32_t { dense, one, run, run_of_one, anyhow };

template <typename Index>
struct Operand {
  const float* data;
  Kind kind;
  Places<Index> places;

  template <int32_t width>
  __device__ __forceinline__ Pack<float, width> load(int64_t i) const {
    if (kind == Kind::dense) return load_pack<width>(data + i);
    Pack<float, width> v;
    if (kind == Kind::anyhow) {
#pragma unroll
      for (int32_t j = 0; j < width; ++j) v.at[j] = data[places.offset(i + j)];
      return v;
    }
    const int64_t at = kind == Kind::one ? 0 : places.offset(i);
    if (kind == Kind::run) return load_pack<width>(data + at);
    const float value = data[at];
#pragma unroll
    for (int32_t j = 0; j < width; ++j) v.at[j] = value;
    return v;
  }
};

template <BinaryOp op, typename Index>
struct Broadcast {
  Operand<Index> a, b;
  float* y;

  template <int32_t width>
  struct Inputs {
    Pack<float, width> l, r;
  };
  template <int32_t width>
  __device__ __forceinline__ Inputs<width> load(int64_t i) const {
    return {a.template load<width>(i), b.template load<width>(i)};
  }
  template <int32_t width>
  __device__ __forceinline__ void store(int64_t i, Inputs<width> in) const {
#pragma unroll
    for (int32_t j = 0; j < width; ++j) in.l.at[j] = value_of<op>(in.l.at[j], in.r.at[j]);
    store_pack(y + i, in.l);
  }
};

template <typename Index>
Operand<Index> operand_of(const TensorView& tensor, const TensorView& y, const Nest& nest, const int64_t* steps) {
  Operand<Index> operand{floats(tensor), Kind::anyhow, Places<Index>(nest.depth, nest.size, steps)};
  if (tensor.size() == y.size()) {
    operand.kind = Kind::dense;
  } else if (tensor.size() == 1) {
    operand.kind = Kind::one;
  } else if (nest.size[0] % 4 == 0) {
    operand.kind = steps[0] == 1 ? Kind::run : Kind::run_of_one;
  }
  return operand;
}

template <BinaryOp op, typename Index>
void broadcast(const TensorView& a, const TensorView& b, TensorView& y, cudaStream_t stream) {
  const Nest nest = nest_of(a, b, y);
  const Broadcast<op, Index> body{operand_of<Index>(a, y, nest, nest.step_a),
                                  operand_of<Index>(b, y, nest, nest.step_b), floats(y)};
  launch_elements<4>(body, y.size(), aligned_to(16, a.data, b.data, y.data), stream);
}

template <BinaryOp op>
void broadcast(const TensorView& a, const TensorView& b, TensorView& y, cudaStream_t stream) {
  if (y.size() <= most_narrow) return broadcast<op, uint32_t>(a, b, y, stream);
  broadcast<op, int64_t>(a, b, y, stream);
}

}  // namespace

void launch_broadcast(const TensorView& a, const TensorView& b, TensorView& y, BinaryOp op, cudaStream_t stream) {
  switch (op) {
    case BinaryOp::add:
      return broadcast<BinaryOp::add>(a, b, y, stream);
    case BinaryOp::subtract:
      return broadcast<BinaryOp::subtract>(a, b, y, stream);
    case BinaryOp::multiply:
      return broadcast<BinaryOp::multiply>(a, b, y, stream);
    case BinaryOp::divide:
      return broadcast<BinaryOp::divide>(a, b, y, stream);
    case BinaryOp::maximum:
      return broadcast<BinaryOp::maximum>(a, b, y, stream);
    case BinaryOp::minimum:
      return broadcast<BinaryOp::minimum>(a, b, y, stream);
  }
}

void CudaKernels::binary(const TensorView& a, const TensorView& b, TensorView& y, BinaryOp op) {
  Operands operands("binary");
  operands.in("a", a).in("b", b).out("y", y);
  require_binary(a, b, y, op);
  launch_broadcast(a, b, y, op, stream_);
}

}  // namespace RETORT_ISA
}  // namespace retort
