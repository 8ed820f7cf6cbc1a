// The shape of a pooling, and one plane of it, for whoever pools.
#pragma once

#include "retort/kernels.h"
#include "split.h"

namespace retort {
namespace RETORT_ISA {

// Planes [height, width] pooled to [rows, columns].
struct Pooling {
  int64_t planes, height, width, rows, columns;
  Window window;

  int64_t plane() const { return height * width; }
  int64_t pooled() const { return rows * columns; }
  int64_t grain() const { return ceil_div(chunk_elements, plane()); }
  bool by_two() const {
    return window.kernel_h == 2 && window.kernel_w == 2 && window.stride_h == 2 && window.stride_w == 2 &&
           window.pad_h == 0 && window.pad_w == 0;
  }
};

// Judges the shapes; x_name and y_name: what the large and the small tensor are called.
Pooling pooling_of(const char* op, const char* x_name, const TensorView& x, const char* y_name, const TensorView& y,
                   const Window& window);

// One plane's maxima, and, where index is not null, their places.
void max_pool_plane(const Pooling& p, const float* x, float* y, int32_t* index);

}  // namespace RETORT_ISA
}  // namespace retort
