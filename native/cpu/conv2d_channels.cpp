#include "conv2d_patch.h"

namespace retort {
namespace RETORT_ISA {
namespace {

// Weights [panels][taps][channels][tile_columns], outputs in the columns, zeros behind the last.
// `at` gives where the weight of (output, channel, tap) stands.
template <typename At>
void pack_weights(int64_t outputs, int64_t channels, int64_t taps, At at, float* to) {
  for (int64_t first = 0; first < outputs; first += tile_columns) {
    const int64_t here = std::min<int64_t>(tile_columns, outputs - first);
    for (int64_t tap = 0; tap < taps; ++tap) {
      for (int64_t c = 0; c < channels; ++c, to += tile_columns) {
        for (int64_t o = 0; o < here; ++o) to[o] = *at(first + o, c, tap);
        for (int64_t o = here; o < tile_columns; ++o) to[o] = 0;
      }
    }
  }
}

int64_t packed_floats(int64_t outputs, int64_t channels, int64_t taps) {
  return ceil_div(outputs, tile_columns) * tile_columns * channels * taps;
}

// A stride-wise correlation of a patch's plane with packed weights.
struct Correlation {
  const float* patch;  // the first tap of the first pixel
  int64_t patch_row;   // from one kernel row to the next
  int64_t row_step, pixel_step;
  int64_t kernel_h, run;  // rows of the kernel, and floats under one
  const float* weights;
  const float* bias;  // whole vectors, or null
  int64_t outputs;
  bool relu;
  int64_t rows, columns;  // of pixels
  float* to;
  int64_t to_row, to_pixel;

  void multiply() const {
    const int64_t tiles = ceil_div(columns, tile_rows);
    for (int64_t first = 0; first < outputs; first += tile_columns) {
      const int64_t vectors = ceil_div(std::min<int64_t>(outputs - first, tile_columns), lanes);
      Tile tile;
      tile.a_row = pixel_step;
      tile.a_segment = patch_row;
      tile.b = weights + first * kernel_h * run;
      tile.b_row = tile_columns;
      tile.b_segment = run * tile_columns;
      tile.depth = run;
      tile.segments = kernel_h;
      tile.c_row = to_pixel;
      tile.bias = bias ? bias + first : nullptr;
      tile.relu = relu;
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t t = 0; t < tiles; ++t) {
          const int64_t begin = columns * t / tiles, end = columns * (t + 1) / tiles;
          tile.a = patch + r * row_step + begin * pixel_step;
          tile.c = to + r * to_row + begin * to_pixel + first;
          retort::RETORT_ISA::multiply(tile, end - begin, vectors);
        }
      }
    }
  }
};

}  // namespace

void forward_by_channels(const Convolution& shape, const float* x, const float* w, const float* bias, float* y,
                         Activation activation) {
  const Window& window = shape.window;
  const int64_t channels = shape.group_channels(), outputs = shape.group_outputs(), taps = shape.taps();
  const int64_t padded = whole_vectors(outputs), pixel = shape.groups * padded;
  const int64_t group_weights = packed_floats(outputs, channels, taps);
  float* weights = scratch(0, shape.groups * (group_weights + padded));
  float* biases = weights + shape.groups * group_weights;
  for (int64_t g = 0; g < shape.groups; ++g) {
    const float* group = w + g * outputs * channels * taps;
    pack_weights(
        outputs, channels, taps,
        [&](int64_t o, int64_t c, int64_t tap) { return group + (o * channels + c) * taps + tap; },
        weights + g * group_weights);
    for (int64_t o = 0; o < padded; ++o) {
      biases[g * padded + o] = bias && o < outputs ? bias[g * outputs + o] : 0;
    }
  }
  const int64_t patch_columns = (shape.out_width - 1) * window.stride_w + window.kernel_w;
  const int64_t rows = block_rows(shape, shape.out_height,
                                  std::max(shape.out_width * pixel, patch_columns * window.stride_h * shape.channels));
  const int64_t blocks = ceil_div(shape.out_height, rows);
  parallel(threads_for(shape), shape.batch * blocks, [&](int64_t chunk) {
    const int64_t image = chunk / blocks, first = chunk % blocks * rows;
    const int64_t here = std::min(rows, shape.out_height - first);
    const Patch patch{shape.groups,
                      channels,
                      first * window.stride_h - window.pad_h,
                      (here - 1) * window.stride_h + window.kernel_h,
                      -window.pad_w,
                      patch_columns};
    float* source = scratch(1, patch.floats());
    float* out = scratch(2, here * shape.out_width * pixel);
    patch.fill(x + image * shape.channels * shape.height * shape.width, shape.height, shape.width, source);
    for (int64_t g = 0; g < shape.groups; ++g) {
      const Correlation correlation{source + g * patch.plane(),
                                    patch.row(),
                                    window.stride_h * patch.row(),
                                    window.stride_w * channels,
                                    window.kernel_h,
                                    window.kernel_w * channels,
                                    weights + g * group_weights,
                                    biases + g * padded,
                                    outputs,
                                    activation == Activation::relu,
                                    here,
                                    shape.out_width,
                                    out + g * padded,
                                    shape.out_width * pixel,
                                    pixel};
      correlation.multiply();
    }
    if (activation == Activation::gelu) activate(out, here * shape.out_width * pixel, activation);
    const int64_t plane = shape.out_height * shape.out_width;
    for (int64_t g = 0; g < shape.groups; ++g) {
      transpose_copy(out + g * padded, pixel, here * shape.out_width, outputs,
                     y + (image * shape.outputs + g * outputs) * plane + first * shape.out_width, plane);
    }
  });
}

// With q = (h + pad)/stride and phase t = (h + pad) mod stride, the taps that reach row h are t, t + stride, …, and
// they meet the rows q, q − 1, … of dy: for each phase a correlation of stride 1 with every stride-th tap, turned
// round.
void backward_input_by_channels(const Convolution& shape, const float* dy, const float* w, float* dx) {
  const Window& window = shape.window;
  const int64_t channels = shape.group_channels(), outputs = shape.group_outputs(), taps = shape.taps();
  const int64_t stride_h = window.stride_h, stride_w = window.stride_w;
  const int64_t padded = whole_vectors(channels), pixel = shape.groups * padded;
  const int64_t group_weights = packed_floats(channels, outputs, taps);
  float* weights = scratch(0, shape.groups * group_weights);
  const auto phase_taps = [](int64_t kernel, int64_t stride, int64_t t) {
    return t < kernel ? ceil_div(kernel - t, stride) : 0;
  };
  for (int64_t g = 0; g < shape.groups; ++g) {
    const float* group = w + g * outputs * channels * taps;
    float* to = weights + g * group_weights;
    for (int64_t th = 0; th < stride_h; ++th) {
      for (int64_t tw = 0; tw < stride_w; ++tw) {
        const int64_t rows = phase_taps(window.kernel_h, stride_h, th),
                      columns = phase_taps(window.kernel_w, stride_w, tw);
        if (rows * columns == 0) continue;
        const auto at = [&](int64_t c, int64_t o, int64_t tap) {
          const int64_t kh = th + stride_h * (rows - 1 - tap / columns),
                        kw = tw + stride_w * (columns - 1 - tap % columns);
          return group + ((o * channels + c) * window.kernel_h + kh) * window.kernel_w + kw;
        };
        pack_weights(channels, outputs, rows * columns, at, to);
        to += packed_floats(channels, outputs, rows * columns);
      }
    }
  }
  const int64_t reach_h = phase_taps(window.kernel_h, stride_h, 0) - 1,
                reach_w = phase_taps(window.kernel_w, stride_w, 0) - 1;
  const int64_t q_begin = window.pad_h / stride_h, q_end = (shape.height - 1 + window.pad_h) / stride_h + 1;
  const int64_t v_begin = window.pad_w / stride_w, v_end = (shape.width - 1 + window.pad_w) / stride_w + 1;
  const int64_t patch_columns = v_end - v_begin + reach_w;
  const bool holes = window.kernel_h < stride_h || window.kernel_w < stride_w;
  const int64_t rows =
      block_rows(shape, q_end - q_begin, std::max(stride_h * shape.width * pixel, patch_columns * shape.outputs));
  const int64_t blocks = ceil_div(q_end - q_begin, rows);
  parallel(threads_for(shape), shape.batch * blocks, [&](int64_t chunk) {
    const int64_t image = chunk / blocks, q0 = q_begin + chunk % blocks * rows, q1 = std::min(q_end, q0 + rows);
    const int64_t h0 = std::max<int64_t>(q0 * stride_h - window.pad_h, 0);
    const int64_t h1 = std::min(q1 * stride_h - window.pad_h, shape.height);
    const Patch patch{shape.groups, outputs, q0 - reach_h, q1 - q0 + reach_h, v_begin - reach_w, patch_columns};
    float* source = scratch(1, patch.floats());
    const int64_t out_floats = (h1 - h0) * shape.width * pixel;
    float* out = scratch(2, out_floats);
    patch.fill(dy + image * shape.outputs * shape.out_height * shape.out_width, shape.out_height, shape.out_width,
               source);
    if (holes) std::fill(out, out + out_floats, 0.0f);
    for (int64_t g = 0; g < shape.groups; ++g) {
      const float* from = weights + g * group_weights;
      for (int64_t th = 0; th < stride_h; ++th) {
        for (int64_t tw = 0; tw < stride_w; ++tw) {
          const int64_t kernel_h = phase_taps(window.kernel_h, stride_h, th),
                        kernel_w = phase_taps(window.kernel_w, stride_w, tw);
          if (kernel_h * kernel_w == 0) continue;
          // The first row at or below h0 of this phase, and so the columns.
          const int64_t h = h0 + (th - (h0 + window.pad_h) % stride_h + stride_h) % stride_h;
          const int64_t c = (tw - window.pad_w % stride_w + stride_w) % stride_w;
          const int64_t q = (h + window.pad_h) / stride_h, v = (c + window.pad_w) / stride_w;
          if (h < h1 && c < shape.width) {
            const float* first =
                source + g * patch.plane() +
                ((q - kernel_h + 1 - patch.first_row) * patch.columns + v - kernel_w + 1 - patch.first_column) *
                    outputs;
            const Correlation correlation{first,
                                          patch.row(),
                                          patch.row(),
                                          outputs,
                                          kernel_h,
                                          kernel_w * outputs,
                                          from,
                                          nullptr,
                                          channels,
                                          false,
                                          ceil_div(h1 - h, stride_h),
                                          ceil_div(shape.width - c, stride_w),
                                          out + ((h - h0) * shape.width + c) * pixel + g * padded,
                                          stride_h * shape.width * pixel,
                                          stride_w * pixel};
            correlation.multiply();
          }
          from += packed_floats(channels, outputs, kernel_h * kernel_w);
        }
      }
    }
    const int64_t plane = shape.height * shape.width;
    for (int64_t g = 0; g < shape.groups; ++g) {
      transpose_copy(out + g * padded, pixel, (h1 - h0) * shape.width, channels,
                     dx + (image * shape.channels + g * channels) * plane + h0 * shape.width, plane);
    }
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
