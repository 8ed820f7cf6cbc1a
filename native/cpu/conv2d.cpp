#include "conv2d.h"

#include <initializer_list>
#include <string>

#include "cpu_kernels.h"
#include "require.h"

namespace retort {
namespace RETORT_ISA {
namespace {

void judge_shape(const char* op, const char* name, const TensorView& tensor, const TensorView& wanted) {
  require_dtype(op, name, tensor);
  if (!same_shape(tensor, wanted)) refuse(op, std::string(name) + " must be " + describe(wanted), describe(tensor));
}

TensorView shape_of(std::initializer_list<int64_t> dims) {
  TensorView tensor;
  for (int64_t dim : dims) tensor.dims[tensor.rank++] = dim;
  return tensor;
}

// Above so many taps a pixel, channels stand in the lanes.
constexpr int64_t few_taps = 48;

}  // namespace

Convolution convolution_of(const char* op, const char* x_name, const TensorView& x, const char* w_name,
                           const TensorView& w, const char* y_name, const TensorView& y, const Window& window,
                           int32_t groups, int32_t threads) {
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
  Convolution shape;
  shape.batch = x.dim(0), shape.channels = x.dim(1), shape.height = x.dim(2), shape.width = x.dim(3);
  shape.outputs = w.dim(0);
  shape.window = window;
  shape.groups = groups;
  shape.threads = threads;
  if (groups < 1 || shape.channels % groups != 0 || shape.outputs % groups != 0) {
    refuse(op, "groups must divide the channels of " + std::string(x_name) + " and the outputs of " + w_name, groups,
           " groups, ", describe(x), " and ", describe(w));
  }
  judge_shape(op, w_name, w, shape_of({shape.outputs, shape.group_channels(), window.kernel_h, window.kernel_w}));
  const int64_t rows = shape.height + 2 * window.pad_h - window.kernel_h;
  const int64_t columns = shape.width + 2 * window.pad_w - window.kernel_w;
  if (rows < 0 || columns < 0) {
    refuse(op, "the kernel must fit into the padded " + std::string(x_name), window.kernel_h, "x", window.kernel_w,
           " over ", describe(x), " padded by ", window.pad_h, "x", window.pad_w);
  }
  shape.out_height = rows / window.stride_h + 1;
  shape.out_width = columns / window.stride_w + 1;
  judge_shape(op, y_name, y, shape_of({shape.batch, shape.outputs, shape.out_height, shape.out_width}));
  return shape;
}

const float* biases_of(const char* op, const TensorView* bias, const Convolution& shape) {
  if (bias) judge_shape(op, "bias", *bias, shape_of({shape.outputs}));
  return bias ? floats(*bias) : nullptr;
}

bool planes_fit(const Convolution& shape) { return shape.group_channels() * shape.taps() <= few_taps; }

void CpuKernels::conv2d_forward(const TensorView& x, const TensorView& w, const TensorView* bias, TensorView& y,
                                const Window& window, int32_t groups, Activation activation) {
  const Convolution shape = convolution_of("conv2d_forward", "x", x, "w", w, "y", y, window, groups, threads_);
  const float* values = biases_of("conv2d_forward", bias, shape);
  if (planes_fit(shape)) {
    forward_by_planes(shape, floats(x), floats(w), values, floats(y), activation);
  } else {
    forward_by_channels(shape, floats(x), floats(w), values, floats(y), activation);
  }
}

void CpuKernels::conv2d_backward_input(const TensorView& dy, const TensorView& w, TensorView& dx, const Window& window,
                                       int32_t groups) {
  const Convolution shape =
      convolution_of("conv2d_backward_input", "dx", dx, "w", w, "dy", dy, window, groups, threads_);
  backward_input_by_channels(shape, floats(dy), floats(w), floats(dx));
}

void CpuKernels::conv2d_backward_weight(const TensorView& x, const TensorView& dy, TensorView& dw, const Window& window,
                                        int32_t groups) {
  const Convolution shape =
      convolution_of("conv2d_backward_weight", "x", x, "dw", dw, "dy", dy, window, groups, threads_);
  if (rows_fit(shape)) {
    backward_weight_by_rows(shape, floats(x), floats(dy), floats(dw));
  } else {
    backward_weight_by_channels(shape, floats(x), floats(dy), floats(dw));
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
