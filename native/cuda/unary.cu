// One op on every element, forward and backward. Bound by memory: 8 bytes an element forward, 12 backward; gelu, the
// longest, computes about as long as it loads.
#include "cuda_kernels.h"
#include "device/elements.cuh"
#include "device/functions.cuh"
#include "require/unary.h"

namespace retort {
namespace RETORT_ISA {
namespace {

template <UnaryOp op>
__device__ __forceinline__ float value_of(float v) {
  if constexpr (op == UnaryOp::relu) return relu(v);
  if constexpr (op == UnaryOp::gelu) return gelu(v);
  if constexpr (op == UnaryOp::exp) return expf(v);
  if constexpr (op == UnaryOp::log) return logf(v);
  if constexpr (op == UnaryOp::sqrt) return sqrtf(v);
  if constexpr (op == UnaryOp::square) return v * v;
  if constexpr (op == UnaryOp::negate) return -v;
  if constexpr (op == UnaryOp::absolute) return fabsf(v);
  if constexpr (op == UnaryOp::reciprocal) return 1.0f / v;
  if constexpr (op == UnaryOp::sigmoid) return sigmoid(v);
  if constexpr (op == UnaryOp::tanh) return tanhf(v);
  const float a = fabsf(v);
  return a <= 1.0f ? 0.5f * v * v : a - 0.5f;
}

// What the gradient reads: y where that is enough, for x may be gone; x else.
constexpr bool reads_y(UnaryOp op) {
  return op == UnaryOp::relu || op == UnaryOp::exp || op == UnaryOp::sqrt || op == UnaryOp::reciprocal ||
         op == UnaryOp::sigmoid || op == UnaryOp::tanh;
}

// v is y or x, as reads_y says.
template <UnaryOp op>
__device__ __forceinline__ float gradient_of(float d, float v) {
  if constexpr (op == UnaryOp::relu) return v <= 0.0f ? 0.0f : d;
  if constexpr (op == UnaryOp::gelu) return d * gelu_slope(v);
  if constexpr (op == UnaryOp::exp) return d * v;
  if constexpr (op == UnaryOp::log) return d / v;
  if constexpr (op == UnaryOp::sqrt) return 0.5f * d / v;
  if constexpr (op == UnaryOp::square) return 2.0f * d * v;
  if constexpr (op == UnaryOp::negate) return -d;
  if constexpr (op == UnaryOp::absolute) return v > 0.0f ? d : (v < 0.0f ? -d : 0.0f * v);
  if constexpr (op == UnaryOp::reciprocal) return -d * v * v;
  if constexpr (op == UnaryOp::sigmoid) return d * v * (1.0f - v);
  if constexpr (op == UnaryOp::tanh) return d * (1.0f - v * v);
  return d * (v > 1.0f ? 1.0f : (v < -1.0f ? -1.0f : v));
}

template <UnaryOp op>
struct Forward {
  const float* x;
  float* y;

  template <int32_t width>
  __device__ __forceinline__ Pack<float, width> load(int64_t i) const {
    return load_pack<width>(x + i);
  }
  template <int32_t width>
  __device__ __forceinline__ void store(int64_t i, Pack<float, width> v) const {
#pragma unroll
    for (int32_t j = 0; j < width; ++j) v.at[j] = value_of<op>(v.at[j]);
    store_pack(y + i, v);
  }
};

template <UnaryOp op>
struct Backward {
  const float *seen, *dy;
  float* dx;

  template <int32_t width>
  struct Inputs {
    Pack<float, width> v, d;
  };
  template <int32_t width>
  __device__ __forceinline__ Inputs<width> load(int64_t i) const {
    // negate's gradient reads no value: any tensor may stand there.
    if constexpr (op == UnaryOp::negate) return {{}, load_pack<width>(dy + i)};
    return {load_pack<width>(seen + i), load_pack<width>(dy + i)};
  }
  template <int32_t width>
  __device__ __forceinline__ void store(int64_t i, Inputs<width> in) const {
#pragma unroll
    for (int32_t j = 0; j < width; ++j) in.d.at[j] = gradient_of<op>(in.d.at[j], in.v.at[j]);
    store_pack(dx + i, in.d);
  }
};

template <UnaryOp op>
struct Chosen {
  static constexpr UnaryOp value = op;
};

// body(Chosen<op>()).
template <typename Body>
void with_op(UnaryOp op, const Body& body) {
  switch (op) {
    case UnaryOp::relu:
      return body(Chosen<UnaryOp::relu>());
    case UnaryOp::gelu:
      return body(Chosen<UnaryOp::gelu>());
    case UnaryOp::exp:
      return body(Chosen<UnaryOp::exp>());
    case UnaryOp::log:
      return body(Chosen<UnaryOp::log>());
    case UnaryOp::sqrt:
      return body(Chosen<UnaryOp::sqrt>());
    case UnaryOp::square:
      return body(Chosen<UnaryOp::square>());
    case UnaryOp::negate:
      return body(Chosen<UnaryOp::negate>());
    case UnaryOp::absolute:
      return body(Chosen<UnaryOp::absolute>());
    case UnaryOp::reciprocal:
      return body(Chosen<UnaryOp::reciprocal>());
    case UnaryOp::sigmoid:
      return body(Chosen<UnaryOp::sigmoid>());
    case UnaryOp::tanh:
      return body(Chosen<UnaryOp::tanh>());
    case UnaryOp::huber:
      return body(Chosen<UnaryOp::huber>());
  }
}

}  // namespace

void CudaKernels::unary_forward(const TensorView& x, TensorView& y, UnaryOp op) {
  Operands operands("unary_forward");
  operands.in("x", x).out("y", y);
  require_unary_forward(x, y, op);
  const float* from = floats(x);
  float* to = floats(y);
  with_op(op, [&](auto chosen) {
    launch_elements<4>(Forward<decltype(chosen)::value>{from, to}, x.size(), aligned_to(16, from, to), stream_);
  });
}

void CudaKernels::unary_backward(const TensorView& x, const TensorView& y, const TensorView& dy, TensorView& dx,
                                 UnaryOp op) {
  Operands operands("unary_backward");
  operands.in("x", x).in("y", y).in("dy", dy).out("dx", dx);
  require_unary_backward(x, y, dy, dx, op);
  const float *seen = floats(reads_y(op) ? y : x), *from = floats(dy);
  float* to = floats(dx);
  with_op(op, [&](auto chosen) {
    launch_elements<4>(Backward<decltype(chosen)::value>{seen, from, to}, dy.size(), aligned_to(16, seen, from, to),
                       stream_);
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
