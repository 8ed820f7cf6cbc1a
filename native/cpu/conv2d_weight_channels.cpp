#include "conv2d_patch.h"

namespace retort {
namespace RETORT_ISA {

// dw[o][kh][kw·c] = Σ over pixels of dy[o]·(the run under kernel row kh), dy read where it lies.
void backward_weight_by_channels(const Convolution& shape, const float* x, const float* dy, float* dw) {
  const Window& window = shape.window;
  const int64_t channels = shape.group_channels(), outputs = shape.group_outputs();
  const int64_t run = window.kernel_w * channels, padded = whole_vectors(run);
  const int64_t floats = shape.outputs * window.kernel_h * padded;
  const int64_t patch_columns = (shape.out_width - 1) * window.stride_w + window.kernel_w;
  const int64_t rows = block_rows(shape, shape.out_height, patch_columns * window.stride_h * shape.channels);
  const int64_t blocks = ceil_div(shape.out_height, rows), all = shape.batch * blocks;
  const int64_t chunks = std::min(all, chunk_limit(shape.multiply_adds(), shape.threads));
  float* partial = scratch(0, chunks * floats);
  const int64_t plane = shape.out_height * shape.out_width;
  parallel(threads_for(shape), chunks, [&](int64_t chunk) {
    float* sums = partial + chunk * floats;
    for (int64_t block = all * chunk / chunks; block < all * (chunk + 1) / chunks; ++block) {
      const int64_t image = block / blocks, first = block % blocks * rows;
      const int64_t here = std::min(rows, shape.out_height - first);
      const Patch patch{shape.groups,
                        channels,
                        first * window.stride_h - window.pad_h,
                        (here - 1) * window.stride_h + window.kernel_h,
                        -window.pad_w,
                        patch_columns};
      float* source = scratch(1, patch.floats());
      patch.fill(x + image * shape.channels * shape.height * shape.width, shape.height, shape.width, source);
      Tile tile;
      tile.a_row = plane;
      tile.a_segment = shape.out_width;
      tile.b_row = window.stride_w * channels;
      tile.b_segment = window.stride_h * patch.row();
      tile.depth = shape.out_width;
      tile.segments = here;
      tile.c_row = window.kernel_h * padded;
      tile.accumulate = block > all * chunk / chunks;
      const int64_t tiles = ceil_div(outputs, tile_rows);
      for (int64_t g = 0; g < shape.groups; ++g) {
        for (int64_t t = 0; t < tiles; ++t) {
          const int64_t o = g * outputs + outputs * t / tiles, end = g * outputs + outputs * (t + 1) / tiles;
          tile.a = dy + (image * shape.outputs + o) * plane + first * shape.out_width;
          for (int64_t kh = 0; kh < window.kernel_h; ++kh) {
            for (int64_t n = 0; n < run; n += tile_columns) {
              tile.b = source + g * patch.plane() + kh * patch.row() + n;
              tile.c = sums + (o * window.kernel_h + kh) * padded + n;
              multiply(tile, end - o, ceil_div(std::min<int64_t>(run - n, tile_columns), lanes));
            }
          }
        }
      }
    }
  });
  for (int64_t chunk = 1; chunk < chunks; ++chunk) {
    for (int64_t i = 0; i < floats; ++i) partial[i] += partial[chunk * floats + i];
  }
  for (int64_t o = 0; o < shape.outputs; ++o) {
    for (int64_t kh = 0; kh < window.kernel_h; ++kh) {
      const float* from = partial + (o * window.kernel_h + kh) * padded;
      for (int64_t kw = 0; kw < window.kernel_w; ++kw) {
        for (int64_t c = 0; c < channels; ++c) {
          dw[((o * channels + c) * window.kernel_h + kh) * window.kernel_w + kw] = from[kw * channels + c];
        }
      }
    }
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
