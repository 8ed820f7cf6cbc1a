// Batch norm backward, in the two launches of batch_norm.cu: sums of the channels' slices, then the gradient. Bound by
// memory: 8 bytes a value, then 12.
#include "cuda_kernels.h"
#include "device/channels.cuh"
#include "require/batch_norm.h"

namespace retort {
namespace RETORT_ISA {
namespace {

// Σ dy and Σ dy·(x − mean) of each slice.
template <typename Blocks>
__global__ void __launch_bounds__(channel_threads)
    batch_norm_slopes_kernel(Blocks blocks, const float* x, const float* dy, const float* mean, double* partial) {
  __shared__ double shares[Blocks::shares];
  const int64_t channel = blocks.channel();
  double sums[2] = {};
  if (channel < blocks.channels) {
    const float middle = mean[channel];
    float values[unit_batch][Blocks::width], slopes[unit_batch][Blocks::width], sum = 0, by_deviation = 0;
    const auto load = [&](int32_t u, int64_t index) {
      load_unit(values[u], x + index);
      load_unit(slopes[u], dy + index);
    };
    const auto use = [&](int32_t u, int64_t) {
#pragma unroll
      for (int32_t j = 0; j < Blocks::width; ++j) {
        sum += slopes[u][j];
        by_deviation += slopes[u][j] * (values[u][j] - middle);
      }
    };
    blocks.for_units(channel, load, use, [&] {
      sums[0] += static_cast<double>(sum);
      sums[1] += static_cast<double>(by_deviation);
      sum = by_deviation = 0;
    });
  }
  blocks.reduce(sums, shares);
  blocks.write_slice(sums, channel, partial);
}

struct BackwardTensors {
  const float *x, *dy, *gamma, *mean, *inv_std;
  float *dx, *dgamma, *dbeta;
  double count;
};

// dx = factor·(dy − level − (x − mean)·slope).
struct Slope {
  float mean, factor, level, slope;
};

template <typename Blocks>
__global__ void __launch_bounds__(channel_threads)
    batch_norm_backward_kernel(Blocks blocks, BackwardTensors t, const double* partial) {
  __shared__ double shares[Blocks::shares];
  __shared__ Slope of_channels[Blocks::across];
  const int64_t channel = blocks.channel();
  double sums[2];
  blocks.add_slices(sums, channel, partial, shares);
  if (blocks.place() == 0 && channel < blocks.channels) {
    const float inv_std = t.inv_std[channel];
    const double by_deviation = sums[1] * static_cast<double>(inv_std);
    of_channels[threadIdx.x % Blocks::across] = {
        t.mean[channel], t.gamma[channel] * inv_std, static_cast<float>(sums[0] / t.count),
        static_cast<float>(by_deviation * static_cast<double>(inv_std) / t.count)};
    if (blocks.split() == 0) {
      t.dgamma[channel] = static_cast<float>(by_deviation);
      t.dbeta[channel] = static_cast<float>(sums[0]);
    }
  }
  // What stands there is of the thread at place 0.
  __syncthreads();
  if (channel >= blocks.channels) return;
  const Slope s = of_channels[threadIdx.x % Blocks::across];
  float values[unit_batch][Blocks::width], slopes[unit_batch][Blocks::width];
  const auto load = [&](int32_t u, int64_t index) {
    load_unit(values[u], t.x + index);
    load_unit(slopes[u], t.dy + index);
  };
  const auto use = [&](int32_t u, int64_t index) {
#pragma unroll
    for (int32_t j = 0; j < Blocks::width; ++j) {
      values[u][j] = s.factor * (slopes[u][j] - s.level - (values[u][j] - s.mean) * s.slope);
    }
    store_unit(t.dx + index, values[u]);
  };
  blocks.for_units(channel, load, use, [] {});
}

}  // namespace

void CudaKernels::batch_norm_backward(const TensorView& x, const TensorView& dy, const TensorView& gamma,
                                      const TensorView& saved_mean, const TensorView& saved_inv_std, TensorView& dx,
                                      TensorView& dgamma, TensorView& dbeta) {
  const char* op = "batch_norm_backward";
  Operands operands(op);
  operands.in("x", x).in("dy", dy).in("gamma", gamma).in("saved_mean", saved_mean).in("saved_inv_std", saved_inv_std);
  operands.out("dx", dx).out("dgamma", dgamma).out("dbeta", dbeta).scratch(scratch_, scratch_bytes_);
  const Channels shape = require_batch_norm_backward(op, x, dy, gamma, saved_mean, saved_inv_std, dx, dgamma, dbeta);
  const BackwardTensors tensors{floats(x),
                                floats(dy),
                                floats(gamma),
                                floats(saved_mean),
                                floats(saved_inv_std),
                                floats(dx),
                                floats(dgamma),
                                floats(dbeta),
                                static_cast<double>(shape.values())};
  const bool aligned = all_aligned(tensors.x, tensors.dy, tensors.dx);
  share_channels(shape, aligned, processors_, [&](auto blocks, uint32_t grid) {
    double* const partial = scratch<double>(op, 2 * blocks.splits * shape.channels);
    launch(batch_norm_slopes_kernel<decltype(blocks)>, grid, channel_threads, 0, stream_, blocks, tensors.x, tensors.dy,
           tensors.mean, partial);
    blocks.from_end = true;
    launch(batch_norm_backward_kernel<decltype(blocks)>, grid, channel_threads, 0, stream_, blocks, tensors, partial);
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
