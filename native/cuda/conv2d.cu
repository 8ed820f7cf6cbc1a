// Forward convolution, alone or with the max pool behind it; conv2d_few_taps.cu and conv2d_patches.cu compute it. What
// is pooled is computed in pieces that stay in the cache, in scratch memory, behind what the convolution needs itself.
#include "conv2d.cuh"

#include <algorithm>

#include "cuda_kernels.h"
#include "pooling.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

PlaneAxis forward_axis(int64_t size, int64_t out_size, int32_t kernel, int32_t stride, int32_t pad) {
  return {static_cast<int32_t>(size), static_cast<int32_t>(out_size), kernel, stride, -pad, 1, 0, 1, 0};
}

// Planes' places are int32 in the kernels.
void require_planes(const char* op, const ConvolutionShape& shape) {
  require_plane(op, shape.height * shape.width);
  require_plane(op, shape.out_height * shape.out_width);
}

}  // namespace

Correlation forward_correlation(const ConvolutionShape& shape, const float* x, const float* w, const float* bias,
                                float* y, Activation activation) {
  const Window& window = shape.window;
  Correlation c{};
  c.in = x, c.w = w, c.bias = bias, c.out = y;
  c.batch = static_cast<int32_t>(shape.batch);
  c.groups = static_cast<int32_t>(shape.groups);
  c.channels = static_cast<int32_t>(shape.group_channels());
  c.outputs = static_cast<int32_t>(shape.group_outputs());
  c.row = forward_axis(shape.height, shape.out_height, window.kernel_h, window.stride_h, window.pad_h);
  c.column = forward_axis(shape.width, shape.out_width, window.kernel_w, window.stride_w, window.pad_w);
  c.in_plane = shape.height * shape.width;
  c.in_image = shape.channels * c.in_plane;
  c.out_plane = shape.out_height * shape.out_width;
  c.out_image = shape.outputs * c.out_plane;
  c.w_channel = shape.taps();
  c.w_output = shape.group_channels() * c.w_channel;
  c.w_group = shape.group_outputs() * c.w_output;
  c.kernel_w = window.kernel_w;
  c.out_width = static_cast<int32_t>(shape.out_width);
  c.activation = activation;
  return c;
}

Correlation correlation_part(const Correlation& all, int32_t first, int32_t groups, int32_t first_output,
                             int32_t outputs) {
  Correlation part = all;
  const int64_t before = int64_t{first} * all.outputs + first_output;
  part.groups = groups;
  part.outputs = outputs;
  part.in += int64_t{first} * all.channels * all.in_plane;
  part.out += before * all.out_plane;
  part.w += first * all.w_group + first_output * all.w_output;
  if (part.bias) part.bias += before;
  return part;
}

void correlate(const Correlation& correlation, const ConvolutionResources& resources) {
  // Pixels are counted in int32.
  const int64_t pixels = int64_t{correlation.row.count} * correlation.column.count;
  const auto most = static_cast<int32_t>(std::min<int64_t>(INT32_MAX / pixels, correlation.batch));
  for (int32_t first = 0; first < correlation.batch; first += most) {
    Correlation piece = correlation;
    piece.batch = std::min(most, correlation.batch - first);
    piece.in += first * correlation.in_image;
    piece.out += first * correlation.out_image;
    few_taps(piece) ? correlate_few_taps(piece, resources) : correlate_patches(piece, resources);
  }
}

void CudaKernels::conv2d_forward(const TensorView& x, const TensorView& w, const TensorView* bias, TensorView& y,
                                 const Window& window, int32_t groups, Activation activation) {
  const char* op = "conv2d_forward";
  Operands operands(op);
  operands.in("x", x).in("w", w).in("bias", bias).out("y", y).scratch(scratch_, scratch_bytes_);
  const ConvolutionShape shape = require_convolution(op, "x", x, "w", w, "y", y, window, groups);
  require_bias(op, bias, shape);
  require_planes(op, shape);
  correlate(forward_correlation(shape, floats(x), floats(w), bias ? floats(*bias) : nullptr, floats(y), activation),
            {op, stream_, precision_, processors_, scratch_, scratch_bytes_});
}

void CudaKernels::conv2d_max_pool2d_forward(const TensorView& x, const TensorView& w, const TensorView* bias,
                                            TensorView& y, TensorView* index, const Window& window, int32_t groups,
                                            Activation activation, const Window& pool) {
  const char* op = "conv2d_max_pool2d_forward";
  Operands operands(op);
  operands.in("x", x).in("w", w).in("bias", bias).out("y", y).out("index", index).scratch(scratch_, scratch_bytes_);
  const TensorView middle = between(x, w, window);
  const ConvolutionShape shape = require_convolution(op, "x", x, "w", w, "x", middle, window, groups);
  require_bias(op, bias, shape);
  PoolingShape pooling = require_pooling(op, "the convolution", middle, "y", y, pool);
  if (index) require_places(op, "y and index", y, *index);
  require_planes(op, shape);
  require_plane(op, pooling.pooled());

  // Half of the scratch memory for the convolution's own use, the other half for its output.
  const int64_t half = scratch_bytes_ / 512 * 256;
  float* const planes = reinterpret_cast<float*>(static_cast<char*>(scratch_) + half);
  const int64_t most = (scratch_bytes_ - half) / static_cast<int64_t>(sizeof(float)) / pooling.plane();
  if (most < 1) scratch<float>(op, 2 * pooling.plane());
  const ConvolutionResources resources{op, stream_, precision_, processors_, scratch_, half};
  const Correlation all =
      forward_correlation(shape, floats(x), floats(w), bias ? floats(*bias) : nullptr, planes, activation);
  const auto run = [&](Correlation part, int64_t image, int64_t images, int64_t plane) {
    const int64_t to = (image * shape.outputs + plane) * pooling.pooled();
    part.batch = static_cast<int32_t>(images);
    part.in += image * part.in_image;
    part.out = planes;
    part.out_image = int64_t{part.groups} * part.outputs * part.out_plane;
    correlate(part, resources);
    pooling.planes = images * part.groups * part.outputs;
    max_pool_planes(pooling, planes, floats(y) + to, index ? static_cast<int32_t*>(index->data) + to : nullptr,
                    stream_);
  };
  if (most >= shape.outputs) {
    const int64_t images = most / shape.outputs;
    for (int64_t n = 0; n < shape.batch; n += images) run(all, n, std::min(images, shape.batch - n), 0);
    return;
  }
  const int64_t piece = std::min<int64_t>(most, all.outputs);
  for (int64_t n = 0; n < shape.batch; ++n) {
    for (int32_t group = 0; group < all.groups; ++group) {
      for (int64_t o = 0; o < all.outputs; o += piece) {
        const auto outputs = static_cast<int32_t>(std::min(piece, all.outputs - o));
        run(correlation_part(all, group, 1, static_cast<int32_t>(o), outputs), n, 1, int64_t{group} * all.outputs + o);
      }
    }
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
