// The ways of a convolution; conv2d.cpp chooses among them.
#pragma once

#include "pooling.h"
#include "require/conv2d.h"
#include "retort/kernels.h"

namespace retort {
namespace RETORT_ISA {

struct Convolution : ConvolutionShape {
  int32_t threads;
};

// Where a convolution's planes go that are pooled while they are in the cache.
struct PooledPlanes {
  Pooling pooling;
  float* y;
  int32_t* index;  // or null
};

// Pixels in the lanes: for few taps, or few outputs. With `pooled`, y is not written.
bool planes_fit(const Convolution& shape);
void forward_by_planes(const Convolution& shape, const float* x, const float* w, const float* bias, float* y,
                       Activation activation, const PooledPlanes* pooled = nullptr);

// Convolution and 2×2 max pool in registers: for few taps, stride 1 and no padding; never where vectors have no masks.
bool by_two_fits(const Convolution& shape, const Pooling& pooling, Activation activation);
void forward_by_two(const Convolution& shape, const float* x, const float* w, const float* bias,
                    const PooledPlanes& pooled, Activation activation);

// Pixels in the lanes, x read where it lies: for few taps and stride_w 1.
bool rows_fit(const Convolution& shape);
void backward_weight_by_rows(const Convolution& shape, const float* x, const float* dy, float* dw);

// Channels in the lanes: the image is turned to H W C once, and every tap is then a contiguous run. For any shape.
void forward_by_channels(const Convolution& shape, const float* x, const float* w, const float* bias, float* y,
                         Activation activation);
void backward_input_by_channels(const Convolution& shape, const float* dy, const float* w, float* dx);
void backward_weight_by_channels(const Convolution& shape, const float* x, const float* dy, float* dw);

}  // namespace RETORT_ISA
}  // namespace retort
