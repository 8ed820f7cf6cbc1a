#include "cpu_kernels.h"
#include "require.h"
#include "split.h"

namespace retort {
namespace RETORT_ISA {
namespace {

// The loop nest of a broadcast, innermost first; neighbours that a and b treat alike are one. A step of 0 repeats.
struct Nest {
  int32_t depth = 0;
  int64_t size[TensorView::max_rank], step_a[TensorView::max_rank], step_b[TensorView::max_rank];
};

bool is_scalar(const TensorView& tensor) { return tensor.rank == 1 && tensor.dims[0] == 1; }

void require_broadcast(const char* name, const TensorView& operand, const TensorView& y) {
  const char* op = "binary";
  if (is_scalar(operand)) return;
  bool fits = operand.rank == y.rank;
  for (int32_t i = 0; fits && i < y.rank; ++i) fits = operand.dims[i] == y.dims[i] || operand.dims[i] == 1;
  if (!fits) refuse(op, std::string(name) + " must broadcast to y", describe(operand), " to ", describe(y));
}

Nest nest_of(const TensorView& a, const TensorView& b, const TensorView& y) {
  Nest nest;
  int64_t stride_a = 1, stride_b = 1;
  for (int32_t i = y.rank - 1; i >= 0; --i) {
    const int64_t dim_a = is_scalar(a) ? 1 : a.dims[i], dim_b = is_scalar(b) ? 1 : b.dims[i];
    const int64_t step_a = dim_a == 1 ? 0 : stride_a, step_b = dim_b == 1 ? 0 : stride_b;
    stride_a *= dim_a;
    stride_b *= dim_b;
    if (y.dims[i] == 1) continue;
    const int32_t top = nest.depth - 1;
    if (top >= 0 && (step_a == 0) == (nest.step_a[top] == 0) && (step_b == 0) == (nest.step_b[top] == 0)) {
      nest.size[top] *= y.dims[i];
      continue;
    }
    nest.size[nest.depth] = y.dims[i];
    nest.step_a[nest.depth] = step_a;
    nest.step_b[nest.depth++] = step_b;
  }
  if (nest.depth == 0) {
    nest.size[0] = 1;
    nest.step_a[0] = nest.step_b[0] = 0;
    nest.depth = 1;
  }
  return nest;
}

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
  require_dtype("binary", "a", a);
  require_dtype("binary", "b", b);
  require_dtype("binary", "y", y);
  require_broadcast("a", a, y);
  require_broadcast("b", b, y);
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
  refuse("binary", "op must be 0 to 5", static_cast<int32_t>(op));
}

}  // namespace RETORT_ISA
}  // namespace retort
