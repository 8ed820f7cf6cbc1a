// Convolution with pixels in the lanes. For each column of the kernel the image is copied once into rows as wide as those
// of y; then every tap of the kernel is a shift of such a plane by whole rows, and y is computed as one long row.
#include <algorithm>

#include "conv2d.h"
#include "parallel.h"
#include "product.h"
#include "registers.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int64_t block_floats = 48 * 1024;  // of planes, in L2

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int sums_at_once = 24;
#else
constexpr int sums_at_once = 12;
#endif
constexpr int most_outputs = sums_at_once / 3;
constexpr int most_vectors = 6;

constexpr int vectors_for(int outputs) { return std::min(sums_at_once / outputs, most_vectors); }

// y[o][p] = Σ_k w[k][o]·x[offsets[k] + p] + bias[o] for a few outputs and vectors of pixels.
struct PixelTile {
  const float* x;
  const int64_t* offsets;
  int64_t taps;
  const float* w;
  const float* bias;
  float* y;
  int64_t y_row;
  int64_t pixels;  // to write, of one vector, where there is only one
  bool relu;
};

template <int outputs, int vectors>
void multiply(const PixelTile& tile) {
  Vector sum[outputs][vectors];
#pragma GCC unroll 8
  for (int o = 0; o < outputs; ++o) {
#pragma GCC unroll 6
    for (int v = 0; v < vectors; ++v) sum[o][v] = broadcast(tile.bias[o]);
  }
  const float* w = tile.w;
  for (int64_t k = 0; k < tile.taps; ++k, w += outputs) {
    const float* x = tile.x + tile.offsets[k];
    Vector pixels[vectors];
#pragma GCC unroll 6
    for (int v = 0; v < vectors; ++v) pixels[v] = load(x + v * lanes);
#pragma GCC unroll 8
    for (int o = 0; o < outputs; ++o) {
      const Vector weight = broadcast(w[o]);
#pragma GCC unroll 6
      for (int v = 0; v < vectors; ++v) sum[o][v] += weight * pixels[v];
    }
  }
  // In locals, because the stores might change what the tile says.
  float* const y = tile.y;
  const int64_t y_row = tile.y_row, pixels = tile.pixels;
  const Vector floor = floor_of(tile.relu);
#pragma GCC unroll 8
  for (int o = 0; o < outputs; ++o) {
#pragma GCC unroll 6
    for (int v = 0; v < vectors; ++v) {
      float* to = y + o * y_row + v * lanes;
      if (vectors > 1 || pixels >= lanes) {
        store(to, larger(floor, sum[o][v]));
      } else {
        store_first(to, larger(floor, sum[o][v]), pixels);
      }
    }
  }
}

using Multiply = void (*)(const PixelTile&);

template <int outputs>
Multiply kernel_of(int64_t vectors) {
  constexpr int most = vectors_for(outputs);
  constexpr Multiply kernels[] = {multiply<outputs, 1>, multiply<outputs, std::min(2, most)>,
                                  multiply<outputs, std::min(3, most)>, multiply<outputs, std::min(4, most)>,
                                  multiply<outputs, std::min(5, most)>, multiply<outputs, std::min(6, most)>};
  return kernels[vectors - 1];
}

int64_t outputs_of(int64_t left) {
  if (most_outputs == 8 && left >= 8) return 8;
  if (most_outputs == 8 && left >= 6) return 6;
  return left >= 4 ? 4 : left;
}

Multiply kernel_of(int64_t outputs, int64_t vectors) {
  switch (outputs) {
#if defined(__AVX512F__) || defined(__aarch64__)
    case 8:
      return kernel_of<8>(vectors);
    case 6:
      return kernel_of<6>(vectors);
#endif
    case 4:
      return kernel_of<4>(vectors);
    case 3:
      return kernel_of<3>(vectors);
    case 2:
      return kernel_of<2>(vectors);
    default:
      return kernel_of<1>(vectors);
  }
}

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

// The planes of some rows of y, [channels][kernel_w][phases][rows][out_width]: phase r and row q hold the padded image's
// row q·stride_h + r, counted from the first one that those rows of y see.
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
          const int64_t begin = std::min(start < 0 ? divide_up(-start, stride) : 0, plane_rows());
          const int64_t inside = shape.height > start ? divide_up(shape.height - start, stride) : 0;
          const int64_t end = std::max(std::min(inside, plane_rows()), begin);
          std::fill(to, to + begin * width, 0.0f);
          fill_rows(source + (start + begin * stride) * shape.width, end - begin, kw - window.pad_w, to + begin * width);
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

}  // namespace

void forward_by_planes(const Convolution& shape, const float* x, const float* w, const float* bias, float* y,
                       Activation activation) {
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
  const int64_t wanted = std::max(divide_up(shape.out_height * row_floats, block_floats), divide_up(chunks, shape.batch));
  const int64_t rows = divide_up(shape.out_height, std::min(wanted, shape.out_height));
  const int64_t blocks = divide_up(shape.out_height, rows), plane = shape.out_height * shape.out_width;
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
    for (int64_t o = 0, count; o < shape.outputs; o += count) {
      count = outputs_of(outputs - o % outputs);
      const float* group = source + planes.offset(o / outputs * channels, 0, 0);
      PixelTile tile{nullptr, offsets, taps,   weights + o * taps, biases + o,
                     nullptr, plane,   pixels, activation == Activation::relu};
      const int64_t most = vectors_for(static_cast<int>(count));
      for (int64_t p = 0, vectors; p < pixels; p += vectors * lanes) {
        vectors = std::min(most, divide_up(pixels - p, lanes));
        // The last vectors begin earlier, and write some pixels again.
        if (vectors * lanes > pixels && vectors > 1) --vectors;
        const int64_t at = std::max<int64_t>(std::min(p, pixels - vectors * lanes), 0);
        tile.x = group + at;
        tile.y = target + o * plane + at;
        kernel_of(count, vectors)(tile);
      }
    }
    if (activation == Activation::gelu) {
      for (int64_t o = 0; o < shape.outputs; ++o) activate(target + o * plane, pixels, activation);
    }
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
