#include "cpu_kernels.h"
#include "inline.h"
#include "require/copy.h"
#include "retort/bfloat16.h"
#include "split.h"

namespace retort {
namespace RETORT_ISA {
namespace {

template <typename From, typename To, typename Convert>
void convert(int32_t threads, const TensorView& x, TensorView& y, const Convert& one) {
  const From* from = static_cast<const From*>(x.data);
  To* to = static_cast<To*>(y.data);
  split(threads, x.size(), chunk_elements, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) to[i] = one(from[i]);
  });
}

}  // namespace

void CpuKernels::cast(const TensorView& x, TensorView& y) {
  require_cast(x, y);
  if (x.dtype == DType::float32) {
    return convert<float, bfloat16>(threads_, x, y, [](float v) { return to_bfloat16(v); });
  }
  convert<bfloat16, float>(threads_, x, y, [](bfloat16 v) { return to_float(v); });
}

}  // namespace RETORT_ISA
}  // namespace retort
