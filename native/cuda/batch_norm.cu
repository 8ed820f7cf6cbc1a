// Batch norm forward, blocks as device/channels.cuh shares them out: one launch adds the channels' slices up, a second
// one normalises, each block of it beginning with its channel's sums. The second goes over the tensor from its end,
// which the first one left in the cache. Bound by memory: 12 bytes a value, 8 in inference.
#include "require/batch_norm.h"

#include "cuda_kernels.h"
#include "device/channels.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

// Σ (x − first) and Σ (x − first)² of each slice, `first` being the channel's first value.
template <typename Blocks>
__global__ void __launch_bounds__(channel_threads)
    batch_norm_sums_kernel(Blocks blocks, const float* x, double* partial) {
  __shared__ double shares[Blocks::shares];
  const int64_t channel = blocks.channel();
  double sums[2] = {};
  if (channel < blocks.channels) {
    // Floats are added up about a value of this thread's own: however far that lies off, the squares then lose no more
    // digits than the thread has values.
    float values[unit_batch][Blocks::width], own = 0, sum = 0, squares = 0;
    int64_t count = 0;
    const auto load = [&](int32_t u, int64_t index) { load_unit(values[u], x + index); };
    const auto use = [&](int32_t u, int64_t) {
      if (count == 0) own = values[u][0];
      count += Blocks::width;
#pragma unroll
      for (int32_t j = 0; j < Blocks::width; ++j) {
        const float gap = values[u][j] - own;
        sum += gap;
        squares += gap * gap;
      }
    };
    blocks.for_units(channel, load, use, [&] {
      sums[0] += static_cast<double>(sum);
      sums[1] += static_cast<double>(squares);
      sum = squares = 0;
    });
    const double shift = static_cast<double>(own) - static_cast<double>(x[channel * blocks.plane]);
    const double n = static_cast<double>(count);
    // Without values, own is no value and sums are none.
    if (count > 0) {
      sums[1] += shift * (2.0 * sums[0] + n * shift);
      sums[0] += n * shift;
    }
  }
  blocks.reduce(sums, shares);
  blocks.write_slice(sums, channel, partial);
}

// y = (x − mean)·factor + shift.
struct Line {
  float mean, factor, shift;
};

template <typename Blocks>
__device__ __forceinline__ void put_line(const Blocks& blocks, int64_t channel, const Line& line, const float* x,
                                         float* y) {
  float values[unit_batch][Blocks::width];
  const auto load = [&](int32_t u, int64_t index) { load_unit(values[u], x + index); };
  const auto use = [&](int32_t u, int64_t index) {
#pragma unroll
    for (int32_t j = 0; j < Blocks::width; ++j) values[u][j] = (values[u][j] - line.mean) * line.factor + line.shift;
    store_unit(y + index, values[u]);
  };
  if (channel < blocks.channels) blocks.for_units(channel, load, use, [] {});
}

struct ForwardTensors {
  const float *x, *gamma, *beta;
  float *running_mean, *running_variance, *y, *saved_mean, *saved_inv_std;
  double count;
  float momentum, epsilon;
};

template <typename Blocks>
__global__ void __launch_bounds__(channel_threads)
    batch_norm_forward_kernel(Blocks blocks, ForwardTensors t, const double* partial) {
  __shared__ double shares[Blocks::shares];
  __shared__ Line lines[Blocks::across];
  const int64_t channel = blocks.channel();
  double sums[2];
  blocks.add_slices(sums, channel, partial, shares);
  if (blocks.place() == 0 && channel < blocks.channels) {
    const double off = sums[0] / t.count, mean = static_cast<double>(t.x[channel * blocks.plane]) + off;
    const double about_mean = sums[1] - sums[0] * off;
    // Rounding may take it below 0; NaN stays.
    const double squared = about_mean < 0.0 ? 0.0 : about_mean;
    const float middle = static_cast<float>(mean);
    const float inv_std = static_cast<float>(1.0 / sqrt(squared / t.count + static_cast<double>(t.epsilon)));
    const float factor = t.gamma[channel] * inv_std;
    // The shift gives back what rounding takes from the mean.
    const float lost = static_cast<float>(mean - static_cast<double>(middle));
    lines[threadIdx.x % Blocks::across] = {middle, factor, t.beta[channel] - lost * factor};
    if (blocks.split() == 0) {
      t.saved_mean[channel] = middle;
      t.saved_inv_std[channel] = inv_std;
      t.running_mean[channel] = (1.0f - t.momentum) * t.running_mean[channel] + t.momentum * middle;
      t.running_variance[channel] = (1.0f - t.momentum) * t.running_variance[channel] +
                                    t.momentum * static_cast<float>(squared / (t.count - 1.0));
    }
  }
  // The line is of the thread at place 0.
  __syncthreads();
  put_line(blocks, channel, lines[threadIdx.x % Blocks::across], t.x, t.y);
}

struct InferenceTensors {
  const float *x, *gamma, *beta, *mean, *variance;
  float* y;
  float epsilon;
};

template <typename Blocks>
__global__ void __launch_bounds__(channel_threads) batch_norm_inference_kernel(Blocks blocks, InferenceTensors t) {
  const int64_t channel = blocks.channel();
  if (channel >= blocks.channels) return;
  const Line line{t.mean[channel], t.gamma[channel] / sqrtf(t.variance[channel] + t.epsilon), t.beta[channel]};
  put_line(blocks, channel, line, t.x, t.y);
}

}  // namespace

void CudaKernels::batch_norm_forward(const TensorView& x, const TensorView& gamma, const TensorView& beta,
                                     TensorView& running_mean, TensorView& running_variance, TensorView& y,
                                     TensorView& saved_mean, TensorView& saved_inv_std, float momentum, float epsilon) {
  const char* op = "batch_norm_forward";
  Operands operands(op);
  operands.in("x", x).in("gamma", gamma).in("beta", beta);
  operands.in_out("running_mean", running_mean).in_out("running_variance", running_variance).out("y", y);
  operands.out("saved_mean", saved_mean).out("saved_inv_std", saved_inv_std).scratch(scratch_, scratch_bytes_);
  const Channels shape =
      require_batch_norm_forward(op, x, gamma, beta, running_mean, running_variance, y, saved_mean, saved_inv_std);
  const ForwardTensors tensors{floats(x),
                               floats(gamma),
                               floats(beta),
                               floats(running_mean),
                               floats(running_variance),
                               floats(y),
                               floats(saved_mean),
                               floats(saved_inv_std),
                               static_cast<double>(shape.values()),
                               momentum,
                               epsilon};
  share_channels(shape, all_aligned(tensors.x, tensors.y), processors_, [&](auto blocks, uint32_t grid) {
    double* const partial = scratch<double>(op, 2 * blocks.splits * shape.channels);
    launch(batch_norm_sums_kernel<decltype(blocks)>, grid, channel_threads, 0, stream_, blocks, tensors.x, partial);
    blocks.from_end = true;
    launch(batch_norm_forward_kernel<decltype(blocks)>, grid, channel_threads, 0, stream_, blocks, tensors, partial);
  });
}

void CudaKernels::batch_norm_inference(const TensorView& x, const TensorView& gamma, const TensorView& beta,
                                       const TensorView& running_mean, const TensorView& running_variance,
                                       TensorView& y, float epsilon) {
  const char* op = "batch_norm_inference";
  Operands operands(op);
  operands.in("x", x).in("gamma", gamma).in("beta", beta).in("running_mean", running_mean);
  operands.in("running_variance", running_variance).out("y", y);
  const Channels shape = require_batch_norm_inference(op, x, gamma, beta, running_mean, running_variance, y);
  const InferenceTensors tensors{floats(x), floats(gamma), floats(beta), floats(running_mean), floats(running_variance),
                                 floats(y), epsilon};
  share_channels(shape, all_aligned(tensors.x, tensors.y), processors_, [&](auto blocks, uint32_t grid) {
    launch(batch_norm_inference_kernel<decltype(blocks)>, grid, channel_threads, 0, stream_, blocks, tensors);
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
