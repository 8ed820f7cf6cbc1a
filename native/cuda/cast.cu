// Element types turned into each other, eight elements a thread. Bound by memory: 6 bytes an element.
#include "cuda_kernels.h"
#include "device/elements.cuh"
#include "require/copy.h"
#include "retort/bfloat16.h"

namespace retort {
namespace RETORT_ISA {
namespace {

__device__ __forceinline__ void convert(float from, bfloat16& to) { to = to_bfloat16(from); }
__device__ __forceinline__ void convert(bfloat16 from, float& to) { to = to_float(from); }

template <typename From, typename To>
struct Cast {
  const From* x;
  To* y;

  template <int32_t width>
  __device__ __forceinline__ Pack<From, width> load(int64_t i) const {
    return load_pack<width>(x + i);
  }
  template <int32_t width>
  __device__ __forceinline__ void store(int64_t i, const Pack<From, width>& v) const {
    Pack<To, width> converted;
#pragma unroll
    for (int32_t j = 0; j < width; ++j) convert(v.at[j], converted.at[j]);
    store_pack(y + i, converted);
  }
};

template <typename From, typename To>
void cast_elements(const TensorView& x, TensorView& y, cudaStream_t stream) {
  const Cast<From, To> body{static_cast<const From*>(x.data), static_cast<To*>(y.data)};
  launch_elements<4>(body, x.size(), aligned_to(16, x.data, y.data), stream);
}

}  // namespace

void CudaKernels::cast(const TensorView& x, TensorView& y) {
  Operands operands("cast");
  operands.in("x", x).out("y", y);
  require_cast(x, y);
  if (x.dtype == DType::float32) return cast_elements<float, bfloat16>(x, y, stream_);
  cast_elements<bfloat16, float>(x, y, stream_);
}

}  // namespace RETORT_ISA
}  // namespace retort
