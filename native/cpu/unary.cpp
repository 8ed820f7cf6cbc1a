#include "require/unary.h"
#include "cpu_kernels.h"
#include "split.h"
#include "vector_math.h"

namespace retort {
namespace RETORT_ISA {
namespace {

template <typename Function>
void forward(int32_t threads, const TensorView& x, TensorView& y, const Function& f) {
  const float* from = floats(x);
  float* to = floats(y);
  split(threads, x.size(), chunk_elements, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) to[i] = f(from[i]);
  });
}

// dx = gradient(dy, seen), seen being x or y.
template <typename Gradient>
void backward(int32_t threads, const TensorView& seen, const TensorView& dy, TensorView& dx, const Gradient& gradient) {
  const float *at = floats(seen), *from = floats(dy);
  float* to = floats(dx);
  split(threads, dy.size(), chunk_elements, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) to[i] = gradient(from[i], at[i]);
  });
}

}  // namespace

void CpuKernels::unary_forward(const TensorView& x, TensorView& y, UnaryOp op) {
  require_unary_forward(x, y, op);
  auto with = [&](auto f) { forward(threads_, x, y, f); };
  switch (op) {
    // NaN stays NaN: it is neither above nor below.
    case UnaryOp::relu:
      return with([](float v) { return v <= 0.0f ? 0.0f : v; });
    case UnaryOp::gelu:
      return with([](float v) { return gelu(v); });
    case UnaryOp::exp:
      return with([](float v) { return exp(v); });
    case UnaryOp::log:
      return with([](float v) { return log(v); });
    case UnaryOp::sqrt:
      return with([](float v) { return __builtin_sqrtf(v); });
    case UnaryOp::square:
      return with([](float v) { return v * v; });
    case UnaryOp::negate:
      return with([](float v) { return -v; });
    case UnaryOp::absolute:
      return with([](float v) { return __builtin_fabsf(v); });
    case UnaryOp::reciprocal:
      return with([](float v) { return 1.0f / v; });
    case UnaryOp::sigmoid:
      return with([](float v) { return sigmoid(v); });
    case UnaryOp::tanh:
      return with([](float v) { return tanh(v); });
    case UnaryOp::huber:
      return with([](float v) {
        const float a = __builtin_fabsf(v);
        return a <= 1.0f ? 0.5f * v * v : a - 0.5f;
      });
  }
}

void CpuKernels::unary_backward(const TensorView& x, const TensorView& y, const TensorView& dy, TensorView& dx,
                                UnaryOp op) {
  require_unary_backward(x, y, dy, dx, op);
  auto by_x = [&](auto gradient) { backward(threads_, x, dy, dx, gradient); };
  auto by_y = [&](auto gradient) { backward(threads_, y, dy, dx, gradient); };
  switch (op) {
    case UnaryOp::relu:
      return by_y([](float d, float v) { return v <= 0.0f ? 0.0f : d; });
    case UnaryOp::gelu:
      return by_x([](float d, float v) { return d * gelu_slope(v); });
    case UnaryOp::exp:
      return by_y([](float d, float v) { return d * v; });
    case UnaryOp::log:
      return by_x([](float d, float v) { return d / v; });
    case UnaryOp::sqrt:
      return by_y([](float d, float v) { return 0.5f * d / v; });
    case UnaryOp::square:
      return by_x([](float d, float v) { return 2.0f * d * v; });
    case UnaryOp::negate:
      return by_x([](float d, float) { return -d; });
    case UnaryOp::absolute:
      return by_x([](float d, float v) { return v > 0.0f ? d : (v < 0.0f ? -d : 0.0f * v); });
    case UnaryOp::reciprocal:
      return by_y([](float d, float v) { return -d * v * v; });
    case UnaryOp::sigmoid:
      return by_y([](float d, float v) { return d * v * (1.0f - v); });
    case UnaryOp::tanh:
      return by_y([](float d, float v) { return d * (1.0f - v * v); });
    case UnaryOp::huber:
      return by_x([](float d, float v) { return d * (v > 1.0f ? 1.0f : (v < -1.0f ? -1.0f : v)); });
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
