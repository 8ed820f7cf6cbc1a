#include "pixel_tile.h"

#include <algorithm>

namespace retort {
namespace RETORT_ISA {
namespace {

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int sums_at_once = 24;
#else
constexpr int sums_at_once = 12;
#endif
constexpr int most_outputs = sums_at_once / 3;
constexpr int most_vectors = 6;

constexpr int most_vectors_for(int outputs) { return std::min(sums_at_once / outputs, most_vectors); }

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
  constexpr int most = most_vectors_for(outputs);
  constexpr Multiply kernels[] = {multiply<outputs, 1>,
                                  multiply<outputs, std::min(2, most)>,
                                  multiply<outputs, std::min(3, most)>,
                                  multiply<outputs, std::min(4, most)>,
                                  multiply<outputs, std::min(5, most)>,
                                  multiply<outputs, std::min(6, most)>};
  return kernels[vectors - 1];
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

}  // namespace

int64_t outputs_of(int64_t left) {
  if (most_outputs == 8 && left >= 8) return 8;
  if (most_outputs == 8 && left >= 6) return 6;
  return left >= 4 ? 4 : left;
}

int64_t vectors_for(int64_t outputs) { return most_vectors_for(static_cast<int>(outputs)); }

void multiply(const PixelTile& tile, int64_t outputs, int64_t vectors) { kernel_of(outputs, vectors)(tile); }

}  // namespace RETORT_ISA
}  // namespace retort
