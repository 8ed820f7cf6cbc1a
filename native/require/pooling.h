// What pooling asks of its tensors.
#pragma once

#include <cstdint>
#include <string>

#include "require.h"

namespace retort {
namespace RETORT_ISA {

// Planes [height, width] pooled to [rows, columns].
struct PoolingShape {
  int64_t planes, height, width, rows, columns;
  Window window;

  int64_t plane() const { return height * width; }
  int64_t pooled() const { return rows * columns; }
  bool by_two() const {
    return window.kernel_h == 2 && window.kernel_w == 2 && window.stride_h == 2 && window.stride_w == 2 &&
           window.pad_h == 0 && window.pad_w == 0;
  }
};

inline int64_t pooled_size(const char* op, int64_t size, int32_t kernel, int32_t stride, int32_t pad) {
  if (kernel < 1) refuse(op, "kernel must be 1 or more", kernel);
  if (stride < 1) refuse(op, "stride must be 1 or more", stride);
  if (pad < 0 || pad >= kernel) refuse(op, "pad must be 0 or more and below the kernel", pad, " for kernel ", kernel);
  const int64_t padded = size + 2 * int64_t{pad};
  if (padded < kernel) refuse(op, "kernel must fit into the padded input", kernel, " over ", padded);
  return (padded - kernel) / stride + 1;
}

// x_name and y_name: what the large and the small tensor are called.
inline PoolingShape require_pooling(const char* op, const char* x_name, const TensorView& x, const char* y_name,
                                    const TensorView& y, const Window& window) {
  require_rank(op, x_name, x, 4, "[N, C, H, W]");
  const int64_t rows = pooled_size(op, x.dims[2], window.kernel_h, window.stride_h, window.pad_h);
  const int64_t columns = pooled_size(op, x.dims[3], window.kernel_w, window.stride_w, window.pad_w);
  require_rank(op, y_name, y, 4, "[N, C, H', W']");
  const int64_t dims[4] = {x.dims[0], x.dims[1], rows, columns};
  for (int32_t i = 0; i < 4; ++i) {
    if (y.dims[i] != dims[i]) refuse(op, std::string(y_name) + " must be " + shape_text(4, dims), describe(y));
  }
  return {x.dims[0] * x.dims[1], x.dims[2], x.dims[3], rows, columns, window};
}

// both: "y and index".
inline void require_places(const char* op, const char* both, const TensorView& y, const TensorView& index) {
  require_dtype(op, "index", index, DType::int32);
  require_one_shape(op, both, y, index);
}

// Places in a plane are int32.
inline void require_plane(const char* op, int64_t plane) {
  if (plane > INT32_MAX) refuse(op, "a plane must have below 2^31 places", plane);
}

}  // namespace RETORT_ISA
}  // namespace retort
