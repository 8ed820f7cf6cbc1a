// What a convolution asks of its tensors.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "require.h"

namespace retort {
namespace RETORT_ISA {

struct ConvolutionShape {
  int64_t batch, channels, height, width;  // x
  int64_t outputs, out_height, out_width;  // y
  Window window;
  int64_t groups;

  int64_t group_channels() const { return channels / groups; }
  int64_t group_outputs() const { return outputs / groups; }
  int64_t taps() const { return static_cast<int64_t>(window.kernel_h) * window.kernel_w; }
  int64_t multiply_adds() const { return batch * outputs * out_height * out_width * group_channels() * taps(); }
};

inline void require_shape(const char* op, const char* name, const TensorView& tensor,
                          std::initializer_list<int64_t> dims) {
  TensorView wanted;
  for (int64_t dim : dims) wanted.dims[wanted.rank++] = dim;
  require_dtype(op, name, tensor);
  if (!same_shape(tensor, wanted)) refuse(op, std::string(name) + " must be " + describe(wanted), describe(tensor));
}

// The tensors of op have these names.
inline ConvolutionShape require_convolution(const char* op, const char* x_name, const TensorView& x, const char* w_name,
                                            const TensorView& w, const char* y_name, const TensorView& y,
                                            const Window& window, int32_t groups) {
  require_rank(op, x_name, x, 4, "[N, C, H, W]");
  require_rank(op, w_name, w, 4, "[O, C/groups, kernel_h, kernel_w]");
  require_rank(op, y_name, y, 4, "[N, O, H', W']");
  if (window.kernel_h < 1 || window.kernel_w < 1 || window.stride_h < 1 || window.stride_w < 1) {
    refuse(op, "kernel and stride must be 1 or more", window.kernel_h, "x", window.kernel_w, " by ", window.stride_h,
           "x", window.stride_w);
  }
  if (window.pad_h < 0 || window.pad_w < 0) {
    refuse(op, "padding must be 0 or more", window.pad_h, "x", window.pad_w);
  }
  ConvolutionShape shape;
  shape.batch = x.dim(0), shape.channels = x.dim(1), shape.height = x.dim(2), shape.width = x.dim(3);
  shape.outputs = w.dim(0);
  shape.window = window;
  shape.groups = groups;
  if (groups < 1 || shape.channels % groups != 0 || shape.outputs % groups != 0) {
    refuse(op, "groups must divide the channels of " + std::string(x_name) + " and the outputs of " + w_name, groups,
           " groups, ", describe(x), " and ", describe(w));
  }
  require_shape(op, w_name, w, {shape.outputs, shape.group_channels(), window.kernel_h, window.kernel_w});
  const int64_t rows = shape.height + 2 * int64_t{window.pad_h} - window.kernel_h;
  const int64_t columns = shape.width + 2 * int64_t{window.pad_w} - window.kernel_w;
  if (rows < 0 || columns < 0) {
    refuse(op, "the kernel must fit into the padded " + std::string(x_name), window.kernel_h, "x", window.kernel_w,
           " over ", describe(x), " padded by ", window.pad_h, "x", window.pad_w);
  }
  shape.out_height = rows / window.stride_h + 1;
  shape.out_width = columns / window.stride_w + 1;
  require_shape(op, y_name, y, {shape.batch, shape.outputs, shape.out_height, shape.out_width});
  return shape;
}

inline void require_bias(const char* op, const TensorView* bias, const ConvolutionShape& shape) {
  if (bias) require_shape(op, "bias", *bias, {shape.outputs});
}

// The y that conv2d_forward would write, without memory of its own; data is only there to be judged.
inline TensorView between(const TensorView& x, const TensorView& w, const Window& window) {
  TensorView y;
  y.data = x.data;
  y.rank = 4;
  y.dims[0] = x.dims[0];
  y.dims[1] = w.dims[0];
  y.dims[2] = (x.dims[2] + 2 * int64_t{window.pad_h} - window.kernel_h) / std::max(window.stride_h, 1) + 1;
  y.dims[3] = (x.dims[3] + 2 * int64_t{window.pad_w} - window.kernel_w) / std::max(window.stride_w, 1) + 1;
  return y;
}

}  // namespace RETORT_ISA
}  // namespace retort
