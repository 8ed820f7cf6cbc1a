// Convolution of few taps a pixel (a first layer, or each channel by itself): a thread reads the taps of its pixels
// into registers once and runs through up to 32 outputs, whose weights stand in shared memory, the same for all lanes.
// Lanes have neighbouring pixels, so that every store is whole. Bound by memory: in read once (from then on it is in
// L1), out written once.
#include "conv2d.cuh"
#include "device/activate.cuh"
#include "device/division.cuh"
#include "device/integer.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t threads = 128;
constexpr int32_t pixels = 2;  // of a thread, `threads` apart
constexpr int32_t block_pixels = threads * pixels;
constexpr int32_t block_outputs = 32;
// Taps are padded to one of these.
constexpr int32_t few = 9, more = 27;

struct Pixels {
  int32_t count;  // batch · rows · columns
  Division<uint32_t> by_image, by_column;
  int32_t units;  // groups · parts of their outputs
  int32_t output_parts;
};

// Row and column of tap k, and where its plane begins.
struct Tap {
  int32_t row, column;
  int64_t plane;
};

template <int32_t most_taps>
__global__ void __launch_bounds__(threads) few_taps_kernel(Correlation c, Pixels p) {
  // Whole float4.
  constexpr int32_t width = (most_taps + 3) / 4 * 4;
  __shared__ float4 fours[block_outputs * width / 4];
  __shared__ float biases[block_outputs];
  __shared__ Tap taps[most_taps];
  const int32_t unit = static_cast<int32_t>(blockIdx.x) % p.units, piece = static_cast<int32_t>(blockIdx.x) / p.units;
  const int32_t group = unit / p.output_parts, first_output = unit % p.output_parts * block_outputs;
  const int32_t outputs = lesser(block_outputs, c.outputs - first_output);
  const int32_t window = c.row.taps * c.column.taps, count = c.channels * window;
  const int32_t thread = static_cast<int32_t>(threadIdx.x);
  float* const weights = reinterpret_cast<float*>(fours);

  for (int32_t i = thread; i < block_outputs * width; i += threads) {
    const int32_t output = i / width, k = i % width;
    float weight = 0;
    if (output < outputs && k < count) {
      const int32_t channel = k / window, u = k % window / c.column.taps, v = k % c.column.taps;
      weight = c.w[group * c.w_group + (first_output + output) * c.w_output + channel * c.w_channel +
                   (u * c.row.w_step + c.row.w_first) * c.kernel_w + v * c.column.w_step + c.column.w_first];
    }
    weights[i] = weight;
  }
  if (thread < block_outputs) {
    biases[thread] = c.bias && thread < outputs ? c.bias[group * c.outputs + first_output + thread] : 0.0f;
  }
  if (thread < count) {
    taps[thread].row = thread % window / c.column.taps;
    taps[thread].column = thread % c.column.taps;
    taps[thread].plane = (group * c.channels + thread / window) * c.in_plane;
  }
  // Weights and taps are read by every thread.
  __syncthreads();

  float x[pixels][most_taps];
  int64_t to[pixels];
#pragma unroll
  for (int32_t i = 0; i < pixels; ++i) {
    const int64_t at = int64_t{piece} * block_pixels + i * threads + thread;
    const bool inside = at < p.count;
    const int32_t place = inside ? static_cast<int32_t>(at) : 0;
    const int32_t image = p.by_image.quotient(place), within = p.by_image.remainder(place, image);
    const int32_t row = p.by_column.quotient(within), column = p.by_column.remainder(within, row);
    const float* from = c.in + image * c.in_image;
    const int32_t top = row * c.row.step + c.row.first, left = column * c.column.step + c.column.first;
    to[i] = !inside ? -1
                    : image * c.out_image + (group * c.outputs + first_output) * c.out_plane +
                          int64_t{row * c.row.out_step + c.row.out_first} * c.out_width + column * c.column.out_step +
                          c.column.out_first;
#pragma unroll
    for (int32_t k = 0; k < most_taps; ++k) {
      x[i][k] = 0;
      if (k >= count) continue;
      const int32_t r = top + taps[k].row, v = left + taps[k].column;
      if (r >= 0 && r < c.row.size && v >= 0 && v < c.column.size) {
        x[i][k] = from[taps[k].plane + r * c.column.size + v];
      }
    }
  }
#pragma unroll 2
  for (int32_t o = 0; o < outputs; ++o) {
    float weight[width], sum[pixels] = {};
#pragma unroll
    for (int32_t k = 0; k < width; k += 4) {
      const float4 four = fours[(o * width + k) / 4];
      weight[k] = four.x, weight[k + 1] = four.y, weight[k + 2] = four.z, weight[k + 3] = four.w;
    }
#pragma unroll
    for (int32_t k = 0; k < most_taps; ++k) {
#pragma unroll
      for (int32_t i = 0; i < pixels; ++i) sum[i] += x[i][k] * weight[k];
    }
#pragma unroll
    for (int32_t i = 0; i < pixels; ++i) {
      if (to[i] < 0) continue;
      c.out[to[i] + o * c.out_plane] = activate(sum[i] + biases[o], c.activation);
    }
  }
}

int64_t pixel_count(const Correlation& c) { return int64_t{c.batch} * c.row.count * c.column.count; }

}  // namespace

bool few_taps(const Correlation& c) {
  return int64_t{c.channels} * c.row.taps * c.column.taps <= more && pixel_count(c) <= INT32_MAX;
}

void correlate_few_taps(const Correlation& c, const ConvolutionResources& resources) {
  Pixels p;
  p.count = static_cast<int32_t>(pixel_count(c));
  p.by_image = Division<uint32_t>(int64_t{c.row.count} * c.column.count);
  p.by_column = Division<uint32_t>(c.column.count);
  p.output_parts = (c.outputs + block_outputs - 1) / block_outputs;
  p.units = c.groups * p.output_parts;
  const int64_t blocks = (int64_t{p.count} + block_pixels - 1) / block_pixels * p.units;
  if (blocks > INT32_MAX) refuse(resources.op, "a convolution must have below 2^31 tiles", blocks);
  const auto kernel = c.channels * c.row.taps * c.column.taps <= few ? few_taps_kernel<few> : few_taps_kernel<more>;
  launch(kernel, static_cast<uint32_t>(blocks), threads, 0, resources.stream, c, p);
}

}  // namespace RETORT_ISA
}  // namespace retort
