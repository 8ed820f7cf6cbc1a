#include "conv2d.h"

#include "cpu_kernels.h"

namespace retort {
namespace RETORT_ISA {
namespace {

// Above so many taps a pixel, channels stand in the lanes.
constexpr int64_t few_taps = 48;

}  // namespace

bool planes_fit(const Convolution& shape) { return shape.group_channels() * shape.taps() <= few_taps; }

void CpuKernels::conv2d_forward(const TensorView& x, const TensorView& w, const TensorView* bias, TensorView& y,
                                const Window& window, int32_t groups, Activation activation) {
  const char* op = "conv2d_forward";
  const Convolution shape{require_convolution(op, "x", x, "w", w, "y", y, window, groups), threads_};
  require_bias(op, bias, shape);
  const float* values = bias ? floats(*bias) : nullptr;
  if (planes_fit(shape)) {
    forward_by_planes(shape, floats(x), floats(w), values, floats(y), activation);
  } else {
    forward_by_channels(shape, floats(x), floats(w), values, floats(y), activation);
  }
}

void CpuKernels::conv2d_backward_input(const TensorView& dy, const TensorView& w, TensorView& dx, const Window& window,
                                       int32_t groups) {
  const Convolution shape{require_convolution("conv2d_backward_input", "dx", dx, "w", w, "dy", dy, window, groups),
                          threads_};
  backward_input_by_channels(shape, floats(dy), floats(w), floats(dx));
}

void CpuKernels::conv2d_backward_weight(const TensorView& x, const TensorView& dy, TensorView& dw, const Window& window,
                                        int32_t groups) {
  const Convolution shape{require_convolution("conv2d_backward_weight", "x", x, "dw", dw, "dy", dy, window, groups),
                          threads_};
  if (rows_fit(shape)) {
    backward_weight_by_rows(shape, floats(x), floats(dy), floats(dw));
  } else {
    backward_weight_by_channels(shape, floats(x), floats(dy), floats(dw));
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
