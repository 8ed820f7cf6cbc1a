#include "require/binary.h"

#include "cpu_kernels.h"
#include "split.h"

namespace retort {
namespace RETORT_ISA {
namespace {

// y[i] = f(a[i·step_a], b[i·step_b]); the steps are 0 or 1.
template <typename Function>
void row(const float* a, int64_t step_a, const float* b, int64_t step_b, float* y, int64_t n, const Function& f) {
  if (step_a != 0 && step_b != 0) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) y[i] = f(a[i], b[i]);
  } else if (step_a != 0) {
    const float right = *b;
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) y[i] = f(a[i], right);
  } else if (step_b != 0) {
    const float left = *a;
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) y[i] = f(left, b[i]);
  } else {
    const float value = f(*a, *b);
    for (int64_t i = 0; i < n; ++i) y[i] = value;
  }
}

template <typename Function>
void rows(const Nest& nest, const float* a, const float* b, float* y, int64_t begin, int64_t end, const Function& f) {
  int64_t index[TensorView::max_rank] = {};
  int64_t rest = begin;
  for (int32_t d = 1; d < nest.depth; ++d) {
    index[d] = rest % nest.size[d];
    rest /= nest.size[d];
    a += index[d] * nest.step_a[d];
    b += index[d] * nest.step_b[d];
  }
  const int64_t n = nest.size[0];
  for (int64_t r = begin; r < end; ++r) {
    row(a, nest.step_a[0], b, nest.step_b[0], y + r * n, n, f);
    for (int32_t d = 1; d < nest.depth; ++d) {
      a += nest.step_a[d];
      b += nest.step_b[d];
      if (++index[d] < nest.size[d]) break;
      index[d] = 0;
      a -= nest.size[d] * nest.step_a[d];
      b -= nest.size[d] * nest.step_b[d];
    }
  }
}

}  // namespace

void CpuKernels::binary(const TensorView& a, const TensorView& b, TensorView& y, BinaryOp op) {
  require_binary(a, b, y, op);
  const Nest nest = nest_of(a, b, y);
  const float *left = floats(a), *right = floats(b);
  float* to = floats(y);
  auto with = [&](auto f) {
    const int64_t n = nest.size[0];
    if (nest.depth == 1) {
      return split(threads_, n, chunk_elements, [&](int64_t begin, int64_t end) {
        row(left + begin * nest.step_a[0], nest.step_a[0], right + begin * nest.step_b[0], nest.step_b[0], to + begin,
            end - begin, f);
      });
    }
    split(threads_, y.size() / n, ceil_div(chunk_elements, n),
          [&](int64_t begin, int64_t end) { rows(nest, left, right, to, begin, end, f); });
  };
  switch (op) {
    case BinaryOp::add:
      return with([](float l, float r) { return l + r; });
    case BinaryOp::subtract:
      return with([](float l, float r) { return l - r; });
    case BinaryOp::multiply:
      return with([](float l, float r) { return l * r; });
    case BinaryOp::divide:
      return with([](float l, float r) { return l / r; });
    // NaN on either side gives NaN.
    case BinaryOp::maximum:
      return with([](float l, float r) {
        const float larger = l > r ? l : r;
        return l != l ? l : larger;
      });
    case BinaryOp::minimum:
      return with([](float l, float r) {
        const float smaller = l < r ? l : r;
        return l != l ? l : smaller;
      });
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
