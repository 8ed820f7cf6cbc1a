// The gradients of a convolution. By the input it is a sum of the forward kind for each class of pixels that meet the
// same taps: stride_h · stride_w of them, each with every stride-th tap, last to first. By the weights:
// conv2d_weight.cu.
#include <algorithm>

#include "conv2d.cuh"
#include "conv2d_weight.cuh"
#include "cuda_kernels.h"
#include "require/pooling.h"

namespace retort {
namespace RETORT_ISA {
namespace {

// Of dx the places that are `place` modulo the stride. With r = (place + pad) mod stride, tap a·stride + r of the
// kernel brings dy at (h + pad - r)/stride - a to place h.
PlaneAxis backward_axis(int64_t size, int64_t out_size, int32_t kernel, int32_t stride, int32_t pad, int32_t place) {
  const int64_t before = int64_t{place} + pad, remainder = before % stride;
  const auto taps = static_cast<int32_t>(remainder < kernel ? (kernel - 1 - remainder) / stride + 1 : 0);
  PlaneAxis axis{};
  axis.size = static_cast<int32_t>(out_size);
  axis.count = static_cast<int32_t>((size - 1 - place) / stride + 1);
  axis.taps = taps;
  axis.step = 1;
  axis.first = static_cast<int32_t>(before / stride) - (taps - 1);
  axis.out_step = stride;
  axis.out_first = place;
  axis.w_step = -stride;
  axis.w_first = static_cast<int32_t>(remainder + int64_t{stride} * (taps - 1));
  return axis;
}

}  // namespace

void CudaKernels::conv2d_backward_input(const TensorView& dy, const TensorView& w, TensorView& dx, const Window& window,
                                        int32_t groups) {
  const char* op = "conv2d_backward_input";
  Operands operands(op);
  operands.in("dy", dy).in("w", w).out("dx", dx).scratch(scratch_, scratch_bytes_);
  const ConvolutionShape shape = require_convolution(op, "dx", dx, "w", w, "dy", dy, window, groups);
  require_plane(op, shape.height * shape.width);
  require_plane(op, shape.out_height * shape.out_width);
  Correlation c{};
  c.in = floats(dy), c.w = floats(w), c.out = floats(dx);
  c.batch = static_cast<int32_t>(shape.batch);
  c.groups = static_cast<int32_t>(shape.groups);
  c.channels = static_cast<int32_t>(shape.group_outputs());
  c.outputs = static_cast<int32_t>(shape.group_channels());
  c.in_plane = shape.out_height * shape.out_width;
  c.in_image = shape.outputs * c.in_plane;
  c.out_plane = shape.height * shape.width;
  c.out_image = shape.channels * c.out_plane;
  c.w_output = shape.taps();
  c.w_channel = shape.group_channels() * c.w_output;
  c.w_group = shape.group_outputs() * c.w_channel;
  c.kernel_w = window.kernel_w;
  c.out_width = static_cast<int32_t>(shape.width);
  const ConvolutionResources resources{op, stream_, precision_, processors_, scratch_, scratch_bytes_};
  for (int32_t i = 0; i < std::min<int64_t>(window.stride_h, shape.height); ++i) {
    c.row = backward_axis(shape.height, shape.out_height, window.kernel_h, window.stride_h, window.pad_h, i);
    for (int32_t j = 0; j < std::min<int64_t>(window.stride_w, shape.width); ++j) {
      c.column = backward_axis(shape.width, shape.out_width, window.kernel_w, window.stride_w, window.pad_w, j);
      correlate(c, resources);
    }
  }
}

void CudaKernels::conv2d_backward_weight(const TensorView& x, const TensorView& dy, TensorView& dw,
                                         const Window& window, int32_t groups) {
  const char* op = "conv2d_backward_weight";
  Operands operands(op);
  operands.in("x", x).in("dy", dy).out("dw", dw).scratch(scratch_, scratch_bytes_);
  const ConvolutionShape shape = require_convolution(op, "x", x, "dw", dw, "dy", dy, window, groups);
  require_plane(op, shape.height * shape.width);
  require_plane(op, shape.out_height * shape.out_width);
  weight_gradient(shape, floats(x), floats(dy), floats(dw),
                  {op, stream_, precision_, processors_, scratch_, scratch_bytes_});
}

}  // namespace RETORT_ISA
}  // namespace retort
