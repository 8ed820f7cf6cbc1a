// The sums of one block of conv2d_patches.cu, in registers: 128 threads, 128 pixels by 16, 32 or 64 outputs. A stage's
// words of shared memory: patch [8][stride], where word k of a pixel stands at the pixel's offset of line k; weights
// [tap][8][outputs + 8]. The eight behind each line of weights, and a stride of 8 modulo 32, keep the four lines that a
// warp reads at once in different banks.
#pragma once

#include "device/mma.cuh"
#include "device/platform.cuh"

namespace retort {
namespace RETORT_ISA {

constexpr int32_t patch_threads = 128, block_pixels = 128;
constexpr int32_t stage_lines = 8;  // words of in along k that a stage holds

// Blocks a processor that the compiler leaves registers for.
constexpr int32_t resident_blocks(int32_t outputs) { return outputs == 64 ? 3 : 5; }

// Image, row and column in one word: of a patch's places, of which a line has below 4096, or of a box's pixels.
__device__ __forceinline__ int32_t packed_place(int32_t image, int32_t row, int32_t column) {
  return image << 24 | row << 12 | column;
}
struct PatchPlace {
  int32_t image, row, column;
  __device__ __forceinline__ explicit PatchPlace(int32_t packed)
      : image(packed >> 24), row(packed >> 12 & 4095), column(packed & 4095) {}
};

// What one word holds of in and w, and how floats become one.
struct Float32Word {
  static constexpr int32_t floats = 1;
  static constexpr bool rounds = false;
  static __device__ __forceinline__ uint32_t of(float x, float) { return __float_as_uint(x); }
};
struct Tf32Word {
  static constexpr int32_t floats = 1;
  static constexpr bool rounds = true;
  static __device__ __forceinline__ uint32_t of(float x, float) { return to_tf32(x); }
};
struct Bfloat16Word {
  static constexpr int32_t floats = 2;
  static constexpr bool rounds = true;
  static __device__ __forceinline__ uint32_t of(float x, float y) { return pack_bfloat16(x, y); }
};

// One stage for a block's sums.
struct PatchStage {
  const uint32_t* patch;
  const uint32_t* weights;
  int32_t stride;         // of the patch's lines
  int32_t rows, columns;  // taps
  int32_t width;          // of the patch, in which taps of one column lie
  int32_t lines;          // that hold channels; the others are zeros
};

__device__ __forceinline__ void multiply(Tf32Word, float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  mma_tf32(d, a, b);
}
__device__ __forceinline__ void multiply(Bfloat16Word, float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  mma_bfloat16(d, a, b);
}

// Tensor cores: a warp has 64 pixels by 32 outputs, or 32 pixels by all of fewer outputs.
template <typename Word, int32_t outputs>
class PatchTile {
 public:
  static constexpr int32_t line = outputs + 8;
  static constexpr int32_t across = outputs == 64 ? 2 : 1;              // warps along the outputs
  static constexpr int32_t tall = across, wide = outputs / across / 8;  // products of a warp: 16·2·tall by 8·wide
  static constexpr int32_t pixels_of_thread = 4 * tall, outputs_of_thread = 2 * wide;

  __device__ __forceinline__ PatchTile()
      : g_(static_cast<int32_t>(threadIdx.x) % warp_size / 4),
        t_(static_cast<int32_t>(threadIdx.x) % 4),
        first_pixel_(static_cast<int32_t>(threadIdx.x) / warp_size / across * 32 * tall),
        first_output_(static_cast<int32_t>(threadIdx.x) / warp_size % across * 8 * wide) {
    clear();
  }

  __device__ __forceinline__ int32_t pixel(int32_t i) const { return first_pixel_ + i / 2 * 16 + i % 2 * 8 + g_; }
  __device__ __forceinline__ int32_t output(int32_t j) const { return first_output_ + j / 2 * 8 + 2 * t_ + j % 2; }
  __device__ __forceinline__ float sum(int32_t i, int32_t j) const { return sums_[i / 2][j / 2][i % 2 * 2 + j % 2]; }
  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int32_t m = 0; m < 2 * tall; ++m) {
#pragma unroll
      for (int32_t n = 0; n < wide; ++n) {
#pragma unroll
        for (int32_t i = 0; i < 4; ++i) sums_[m][n][i] = 0;
      }
    }
  }

  // offsets: where the thread's pixels stand in a line of the patch.
  __device__ __forceinline__ void add(const PatchStage& stage, const int32_t (&offsets)[pixels_of_thread]) {
    const uint32_t* w = stage.weights + t_ * line + first_output_ + g_;
    for (int32_t u = 0; u < stage.rows; ++u) {
      const uint32_t* low = stage.patch + t_ * stage.stride + u * stage.width;
      for (int32_t v = 0; v < stage.columns; ++v, ++low, w += stage_lines * line) {
        const uint32_t* high = low + 4 * stage.stride;
        uint32_t b[wide][2];
#pragma unroll
        for (int32_t n = 0; n < wide; ++n) {
          b[n][0] = w[8 * n];
          b[n][1] = w[8 * n + 4 * line];
        }
#pragma unroll
        for (int32_t m = 0; m < 2 * tall; ++m) {
          const uint32_t a[4] = {low[offsets[2 * m]], low[offsets[2 * m + 1]], high[offsets[2 * m]],
                                 high[offsets[2 * m + 1]]};
#pragma unroll
          for (int32_t n = 0; n < wide; ++n) multiply(Word(), sums_[m][n], a, b[n]);
        }
      }
    }
  }

 private:
  const int32_t g_, t_, first_pixel_, first_output_;
  float sums_[2 * tall][wide][4];
};

// Multiply-adds: a thread has 8 pixels by 8 outputs, or 4 by 8, or 4 by 4. Neighbouring lanes have neighbouring pixels.
template <int32_t outputs>
class PatchTile<Float32Word, outputs> {
 public:
  static constexpr int32_t line = outputs + 8;
  static constexpr int32_t pixels_of_thread = outputs == 64 ? 8 : 4, outputs_of_thread = outputs == 16 ? 4 : 8;
  static constexpr int32_t lanes = block_pixels / pixels_of_thread;

  __device__ __forceinline__ PatchTile()
      : lane_(static_cast<int32_t>(threadIdx.x) % lanes),
        first_output_(static_cast<int32_t>(threadIdx.x) / lanes * outputs_of_thread) {
    clear();
  }

  __device__ __forceinline__ int32_t pixel(int32_t i) const { return lane_ + i * lanes; }
  __device__ __forceinline__ int32_t output(int32_t j) const { return first_output_ + j; }
  __device__ __forceinline__ float sum(int32_t i, int32_t j) const { return sums_[i][j]; }
  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int32_t i = 0; i < pixels_of_thread; ++i) {
#pragma unroll
      for (int32_t j = 0; j < outputs_of_thread; ++j) sums_[i][j] = 0;
    }
  }

  __device__ __forceinline__ void add(const PatchStage& stage, const int32_t (&offsets)[pixels_of_thread]) {
    const uint32_t* tap = stage.weights + first_output_;
    for (int32_t u = 0; u < stage.rows; ++u) {
      for (int32_t v = 0; v < stage.columns; ++v, tap += stage_lines * line) {
        const uint32_t* from = stage.patch + u * stage.width + v;
        const uint32_t* w = tap;
#pragma unroll 2
        for (int32_t k = 0; k < stage.lines; ++k, from += stage.stride, w += line) {
          float x[pixels_of_thread], weight[outputs_of_thread];
#pragma unroll
          for (int32_t i = 0; i < pixels_of_thread; ++i) x[i] = __uint_as_float(from[offsets[i]]);
#pragma unroll
          for (int32_t j = 0; j < outputs_of_thread; j += 4) {
            const uint4 four = *reinterpret_cast<const uint4*>(w + j);
            weight[j] = __uint_as_float(four.x), weight[j + 1] = __uint_as_float(four.y);
            weight[j + 2] = __uint_as_float(four.z), weight[j + 3] = __uint_as_float(four.w);
          }
#pragma unroll
          for (int32_t i = 0; i < pixels_of_thread; ++i) {
#pragma unroll
            for (int32_t j = 0; j < outputs_of_thread; ++j) sums_[i][j] += x[i] * weight[j];
          }
        }
      }
    }
  }

 private:
  const int32_t lane_, first_output_;
  float sums_[pixels_of_thread][outputs_of_thread];
};

}  // namespace RETORT_ISA
}  // namespace retort
