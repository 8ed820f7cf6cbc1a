#include <algorithm>

#include "conv2d.h"
#include "cpu_kernels.h"
#include "pooling.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr const char* op = "conv2d_max_pool2d_forward";
// Of a convolution's output that waits for its pooling.
constexpr int64_t block_floats = 1 << 18;

}  // namespace

void CpuKernels::conv2d_max_pool2d_forward(const TensorView& x, const TensorView& w, const TensorView* bias,
                                           TensorView& y, TensorView* index, const Window& window, int32_t groups,
                                           Activation activation, const Window& pool) {
  const TensorView middle = between(x, w, window);
  const Convolution shape{require_convolution(op, "x", x, "w", w, "x", middle, window, groups), threads_};
  require_bias(op, bias, shape);
  const float* values = bias ? floats(*bias) : nullptr;
  const Pooling pooling{require_pooling(op, "the convolution", middle, "y", y, pool)};
  if (index) require_places(op, "y and index", y, *index);
  int32_t* places = index ? static_cast<int32_t*>(index->data) : nullptr;
  const PooledPlanes pooled{pooling, floats(y), places};
  if (by_two_fits(shape, pooling, activation)) {
    return forward_by_two(shape, floats(x), floats(w), values, pooled, activation);
  }
  if (planes_fit(shape)) {
    return forward_by_planes(shape, floats(x), floats(w), values, nullptr, activation, &pooled);
  }
  const int64_t image = shape.channels * shape.height * shape.width;
  const int64_t out = shape.outputs * pooling.plane(), small = shape.outputs * pooling.pooled();
  const int64_t most = std::min(std::max<int64_t>(block_floats / out, 1), shape.batch);
  float* planes = scratch(7, most * out);
  for (int64_t n = 0; n < shape.batch; n += most) {
    Convolution part = shape;
    part.batch = std::min(most, shape.batch - n);
    forward_by_channels(part, floats(x) + n * image, floats(w), values, planes, activation);
    split(threads_, part.batch * shape.outputs, pooling.grain(), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t at = n * small + i * pooling.pooled();
        max_pool_plane(pooling, planes + i * pooling.plane(), floats(y) + at, places ? places + at : nullptr);
      }
    });
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
