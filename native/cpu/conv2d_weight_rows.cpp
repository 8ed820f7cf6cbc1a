// Convolution with the pixels of one output row in the lanes; the last vector of a row overlaps the one before it.
#include <algorithm>

#include "conv2d.h"
#include "parallel.h"
#include "product.h"
#include "registers.h"

namespace retort {
namespace RETORT_ISA {
namespace {

// An image as the kernels read it: where it lies, or a copy with its padding, and with room for a whole vector.
struct Planes {
  const float* data;
  int64_t row, plane;
};

Planes planes_of(const Convolution& shape, const float* image) {
  const Window& window = shape.window;
  if (window.pad_h == 0 && window.pad_w == 0 && shape.out_width >= lanes) {
    return {image, shape.width, shape.height * shape.width};
  }
  const int64_t row = std::max<int64_t>(shape.width + 2 * window.pad_w, lanes + window.kernel_w);
  const int64_t rows = shape.height + 2 * window.pad_h, plane = rows * row;
  float* copy = scratch(1, shape.channels * plane + lanes);
  std::fill(copy, copy + shape.channels * plane + lanes, 0.0f);
  for (int64_t c = 0; c < shape.channels; ++c) {
    for (int64_t h = 0; h < shape.height; ++h) {
      const float* from = image + (c * shape.height + h) * shape.width;
      std::copy(from, from + shape.width, copy + c * plane + (h + window.pad_h) * row + window.pad_w);
    }
  }
  return {copy, row, plane};
}

}  // namespace

bool rows_fit(const Convolution& shape) {
  return shape.window.stride_w == 1 && shape.window.kernel_w <= 7 && shape.group_channels() * shape.taps() <= 48 &&
         shape.out_width >= lanes / 2;
}

namespace {

// Sums of dy·x for one kernel row, [outputs][kernel_w] vectors, kept in memory between images.
struct WeightProduct {
  const float* x;  // at the kernel row, first pixel
  int64_t x_row;
  const float* dy;
  int64_t dy_plane;
  int64_t rows, columns;
  float* sums;  // [outputs][.., kernel_w][lanes], sums_output from one output to the next
  int64_t sums_output;
};

template <int outputs, int kernel_w>
void weight_row(const WeightProduct& p) {
  Vector sum[outputs][kernel_w];
#pragma GCC unroll 8
  for (int o = 0; o < outputs; ++o) {
#pragma GCC unroll 7
    for (int k = 0; k < kernel_w; ++k) sum[o][k] = load(p.sums + o * p.sums_output + k * lanes);
  }
  for (int64_t r = 0; r < p.rows; ++r) {
    const float* x = p.x + r * p.x_row;
    const float* dy = p.dy + r * p.columns;
    for (int64_t j = 0; j < p.columns; j += lanes) {
      // The last vector of a row begins earlier, its lanes that were counted before being 0 in dy.
      const int64_t over = p.columns >= lanes && j + lanes > p.columns ? j + lanes - p.columns : 0;
      Vector pixels[kernel_w];
#pragma GCC unroll 7
      for (int k = 0; k < kernel_w; ++k) pixels[k] = load(x + j - over + k);
#pragma GCC unroll 8
      for (int o = 0; o < outputs; ++o) {
        const float* from = dy + o * p.dy_plane + j - over;
        Vector gradient;
        if (p.columns < lanes) {
          gradient = load_first(from, p.columns);
        } else {
          gradient = load(from);
          if (over) {
            Mask index;
            for (int i = 0; i < lanes; ++i) index[i] = i;
            gradient = index >= static_cast<int32_t>(over) ? gradient : Vector{};
          }
        }
#pragma GCC unroll 7
        for (int k = 0; k < kernel_w; ++k) sum[o][k] += gradient * pixels[k];
      }
    }
  }
#pragma GCC unroll 8
  for (int o = 0; o < outputs; ++o) {
#pragma GCC unroll 7
    for (int k = 0; k < kernel_w; ++k) store(p.sums + o * p.sums_output + k * lanes, sum[o][k]);
  }
}

using WeightRow = void (*)(const WeightProduct&);

template <int kernel_w>
constexpr int weight_outputs() {
  return lanes == 16 ? 24 / kernel_w > 8 ? 8 : 24 / kernel_w : kernel_w > 4 ? 1 : kernel_w > 3 ? 2 : 3;
}

template <int kernel_w>
int64_t weight_rows(const WeightProduct& p, int64_t left) {
  constexpr int most = weight_outputs<kernel_w>();
  if (left >= most) {
    weight_row<most, kernel_w>(p);
    return most;
  }
  weight_row<1, kernel_w>(p);
  return 1;
}

using WeightRows = int64_t (*)(const WeightProduct&, int64_t);
constexpr WeightRows weight_kernels[] = {weight_rows<1>, weight_rows<2>, weight_rows<3>, weight_rows<4>,
                                         weight_rows<5>, weight_rows<6>, weight_rows<7>};

}  // namespace

void backward_weight_by_rows(const Convolution& shape, const float* x, const float* dy, float* dw) {
  const Window& window = shape.window;
  const int64_t channels = shape.group_channels(), outputs = shape.group_outputs();
  const int64_t plane = shape.out_height * shape.out_width;
  const int64_t weights = shape.outputs * channels * shape.taps();
  const int64_t chunks = std::min(shape.batch, chunk_limit(shape.multiply_adds(), shape.threads));
  float* partial = scratch(0, chunks * weights * lanes);
  parallel(chunks > 1 ? shape.threads : 1, chunks, [&](int64_t chunk) {
    float* sums = partial + chunk * weights * lanes;
    std::fill(sums, sums + weights * lanes, 0.0f);
    for (int64_t image = shape.batch * chunk / chunks; image < shape.batch * (chunk + 1) / chunks; ++image) {
      const Planes planes = planes_of(shape, x + image * shape.channels * shape.height * shape.width);
      WeightProduct p;
      p.x_row = window.stride_h * planes.row;
      p.dy_plane = plane;
      p.rows = shape.out_height, p.columns = shape.out_width;
      p.sums_output = channels * shape.taps() * lanes;
      for (int64_t o = 0; o < shape.outputs;) {
        const int64_t g = o / outputs;
        int64_t done = 0;
        p.dy = dy + (image * shape.outputs + o) * plane;
        for (int64_t c = 0; c < channels; ++c) {
          for (int64_t kh = 0; kh < window.kernel_h; ++kh) {
            p.x = planes.data + (g * channels + c) * planes.plane + kh * planes.row;
            p.sums = sums + ((o * channels + c) * window.kernel_h + kh) * window.kernel_w * lanes;
            done = weight_kernels[window.kernel_w - 1](p, (g + 1) * outputs - o);
          }
        }
        o += done;
      }
    }
  });
  for (int64_t i = 0; i < weights; ++i) {
    float sum = 0;
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      for (int l = 0; l < lanes; ++l) sum += partial[(chunk * weights + i) * lanes + l];
    }
    dw[i] = sum;
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
