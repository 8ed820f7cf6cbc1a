// A tensor as a kernel sees it: memory that somebody else owns, an element type and a shape.
#pragma once

#include <cstdint>

namespace retort {

// bfloat16: the upper half of a float32, rounded to nearest even.
enum class DType : int32_t { float32 = 0, int32 = 1, uint8 = 2, bfloat16 = 3, int8 = 4 };

// Bytes of an element.
inline int64_t width_of(DType dtype) {
  return dtype == DType::float32 || dtype == DType::int32 ? 4 : dtype == DType::bfloat16 ? 2 : 1;
}

// Row-major and dense: the last dimension is contiguous. A scalar is a tensor of shape [1].
struct TensorView {
  static constexpr int32_t max_rank = 6;

  void* data = nullptr;
  DType dtype = DType::float32;
  int32_t rank = 0;
  int64_t dims[max_rank] = {};

  TensorView() = default;

  // Throws std::invalid_argument when the rank is not 1..max_rank, a dimension is below 1, or data is null.
  TensorView(void* data, DType dtype, int32_t rank, const int64_t* dims);

  int64_t dim(int32_t i) const { return dims[i]; }

  int64_t size() const {
    int64_t n = 1;
    for (int32_t i = 0; i < rank; ++i) n *= dims[i];
    return n;
  }
};

// A sliding window over the last two dimensions of an N C H W tensor.
struct Window {
  int32_t kernel_h = 1, kernel_w = 1;
  int32_t stride_h = 1, stride_w = 1;
  int32_t pad_h = 0, pad_w = 0;

  Window() = default;
  Window(int32_t kernel_h, int32_t kernel_w, int32_t stride_h, int32_t stride_w, int32_t pad_h, int32_t pad_w)
      : kernel_h(kernel_h), kernel_w(kernel_w), stride_h(stride_h), stride_w(stride_w), pad_h(pad_h), pad_w(pad_w) {}
};

}  // namespace retort
