// Convolution with pixels in the lanes. For each column of the kernel the image is copied once into rows as wide as
// those of y; then every tap of the kernel is a shift of such a plane by whole rows, and y is computed as one long row.
#include <algorithm>

#include "conv2d.h"
#include "parallel.h"
#include "pixel_tile.h"
#include "product.h"
#include "registers.h"
#include "split.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int64_t block_floats = 48 * 1024;  // of planes, in L2

// `rows` short rows of n floats, one behind the other; a call of memcpy costs more than the few vectors of one.
void copy_rows(const float* from, int64_t from_row, int64_t rows, int64_t n, float* to, int64_t to_row) {
  for (int64_t r = 0; r < rows; ++r, from += from_row, to += to_row) {
    if (n < lanes) {
      store_first(to, load_first(from, n), n);
      continue;
    }
    for (int64_t i = 0; i < n - lanes; i += lanes) store(to + i, load(from + i));
    store(to + n - lanes, load(from + n - lanes));
  }
}

// The planes of some rows of y, [channels][kernel_w][phases][rows][out_width]: phase r and row q hold the padded
// image's row q·stride_h + r, counted from the first one that those rows of y see.
struct Planes {
  const Convolution& shape;
  int64_t first, rows;  // of y

  int64_t phases() const { return std::min(shape.window.stride_h, shape.window.kernel_h); }
  int64_t plane_rows() const { return rows + (shape.window.kernel_h - 1) / shape.window.stride_h; }
  int64_t plane() const { return plane_rows() * shape.out_width; }
  int64_t floats() const { return shape.channels * shape.window.kernel_w * phases() * plane() + 2 * lanes; }

  int64_t offset(int64_t channel, int64_t kh, int64_t kw) const {
    const int64_t stride = shape.window.stride_h;
    return ((channel * shape.window.kernel_w + kw) * phases() + kh % stride) * plane() + kh / stride * shape.out_width;
  }

  void fill(const float* image, float* to) const {
    const Window& window = shape.window;
    const int64_t width = shape.out_width, stride = window.stride_h;
    for (int64_t c = 0; c < shape.channels; ++c) {
      const float* source = image + c * shape.height * shape.width;
      for (int64_t kw = 0; kw < window.kernel_w; ++kw) {
        for (int64_t r = 0; r < phases(); ++r, to += plane()) {
          // The rows q of the image itself; those around it are zeros.
          const int64_t start = first * stride + r - window.pad_h;
          const int64_t begin = std::min(start < 0 ? ceil_div(-start, stride) : 0, plane_rows());
          const int64_t inside = shape.height > start ? ceil_div(shape.height - start, stride) : 0;
          const int64_t end = std::max(std::min(inside, plane_rows()), begin);
          std::fill(to, to + begin * width, 0.0f);
          fill_rows(source + (start + begin * stride) * shape.width, end - begin, kw - window.pad_w,
                    to + begin * width);
          std::fill(to + end * width, to + plane(), 0.0f);
        }
      }
    }
    // Whole vectors are read, to beyond the last pixel.
    std::fill(to, to + 2 * lanes, 0.0f);
  }

 private:
  void fill_rows(const float* source, int64_t count, int64_t start, float* to) const {
    const int64_t width = shape.out_width, stride = shape.window.stride_w;
    const int64_t source_row = shape.window.stride_h * shape.width;
    if (stride > 1) {
      for (int64_t q = 0; q < count; ++q, source += source_row, to += width) {
        for (int64_t j = 0; j < width; ++j) {
          const int64_t w = start + j * stride;
          to[j] = w >= 0 && w < shape.width ? source[w] : 0;
        }
      }
      return;
    }
    const int64_t begin = std::min(std::max<int64_t>(-start, 0), width);
    const int64_t end = std::max(std::min(shape.width - start, width), begin);
    copy_rows(source + start + begin, source_row, count, end - begin, to + begin, width);
    for (int64_t q = 0; end - begin < width && q < count; ++q, to += width) {
      for (int64_t j = 0; j < begin; ++j) to[j] = 0;
      for (int64_t j = end; j < width; ++j) to[j] = 0;
    }
  }
};

void pool_plane(const PooledPlanes& pooled, int64_t plane, const float* from) {
  const int64_t at = plane * pooled.pooling.pooled();
  max_pool_plane(pooled.pooling, from, pooled.y + at, pooled.index ? pooled.index + at : nullptr);
}

}  // namespace

void forward_by_planes(const Convolution& shape, const float* x, const float* w, const float* bias, float* y,
                       Activation activation, const PooledPlanes* pooled) {
  const Window& window = shape.window;
  const int64_t channels = shape.group_channels(), outputs = shape.group_outputs(), taps = channels * shape.taps();
  // Weights as a tile reads them, the biases behind them.
  float* weights = scratch(0, shape.outputs * (taps + 1));
  float* biases = weights + shape.outputs * taps;
  for (int64_t o = 0, count; o < shape.outputs; o += count) {
    count = outputs_of(outputs - o % outputs);
    for (int64_t k = 0; k < taps; ++k) {
      for (int64_t i = 0; i < count; ++i) weights[o * taps + k * count + i] = w[(o + i) * taps + k];
    }
  }
  for (int64_t o = 0; o < shape.outputs; ++o) biases[o] = bias ? bias[o] : 0;

  const int64_t chunks = chunk_limit(shape.multiply_adds(), shape.threads);
  const int64_t row_floats = shape.channels * window.kernel_w * shape.out_width * window.stride_h;
  // Pooling wants whole planes.
  const int64_t wanted =
      pooled ? 1 : std::max(ceil_div(shape.out_height * row_floats, block_floats), ceil_div(chunks, shape.batch));
  const int64_t rows = ceil_div(shape.out_height, std::min(wanted, shape.out_height));
  const int64_t blocks = ceil_div(shape.out_height, rows), plane = shape.out_height * shape.out_width;
  parallel(chunks > 1 ? shape.threads : 1, shape.batch * blocks, [&](int64_t chunk) {
    const int64_t image = chunk / blocks, first = chunk % blocks * rows;
    const Planes planes{shape, first, std::min(rows, shape.out_height - first)};
    float* source = scratch(1, planes.floats());
    int64_t* offsets = reinterpret_cast<int64_t*>(scratch(2, 2 * taps));
    int64_t k = 0;
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t kh = 0; kh < window.kernel_h; ++kh) {
        for (int64_t kw = 0; kw < window.kernel_w; ++kw) offsets[k++] = planes.offset(c, kh, kw);
      }
    }
    planes.fill(x + image * shape.channels * shape.height * shape.width, source);
    const int64_t pixels = planes.rows * shape.out_width;
    float* target = y + image * shape.outputs * plane + first * shape.out_width;
    const int64_t y_row = pooled ? ceil_div(plane, lanes) * lanes : plane;
    for (int64_t o = 0, count; o < shape.outputs; o += count) {
      count = outputs_of(outputs - o % outputs);
      const float* group = source + planes.offset(o / outputs * channels, 0, 0);
      PixelTile tile{nullptr,
                     offsets,
                     taps,
                     weights + o * taps,
                     biases + o,
                     nullptr,
                     y_row,
                     pixels,
                     activation == Activation::relu};
      const int64_t most = vectors_for(count);
      float* to = pooled ? scratch(3, count * y_row) : target + o * plane;
      for (int64_t p = 0, vectors; p < pixels; p += vectors * lanes) {
        vectors = std::min(most, ceil_div(pixels - p, lanes));
        // The last vectors begin earlier, and write some pixels again.
        if (vectors * lanes > pixels && vectors > 1) --vectors;
        const int64_t at = std::max<int64_t>(std::min(p, pixels - vectors * lanes), 0);
        tile.x = group + at;
        tile.y = to + at;
        multiply(tile, count, vectors);
      }
      for (int64_t i = 0; i < count; ++i) {
        if (activation == Activation::gelu) activate(to + i * y_row, pixels, activation);
        if (pooled) pool_plane(*pooled, image * shape.outputs + o + i, to + i * y_row);
      }
    }
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
