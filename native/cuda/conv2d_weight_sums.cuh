// The sums of one warp of conv2d_weight.cu, in registers: 16 · tall outputs by up to nine units of eight columns.
#pragma once

#include "conv2d_tiles.cuh"
#include "conv2d_weight.cuh"

namespace retort {
namespace RETORT_ISA {

// Eight words along k. `dy`: of the warp's first output at the first of them. `offsets`: where each word's pixels stand
// in a line of the patch.
struct WeightStage {
  const uint32_t* dy;
  const uint32_t* x;
  const int32_t* offsets;
};

// Tensor cores.
template <typename Word, int32_t tall>
class WeightSums {
 public:
  static constexpr int32_t rows = 2 * tall, columns = 2;  // of a thread; columns: of a unit
  static constexpr int32_t line = tile_pixels / Word::floats + 4;

  __device__ __forceinline__ int32_t row(int32_t i) const { return i / 2 * 16 + i % 2 * 8 + lane() / 4; }
  __device__ __forceinline__ int32_t column(int32_t j) const { return lane() % 4 * 2 + j; }
  // Whose operand the thread reads.
  __device__ __forceinline__ int32_t operand_column() const { return lane() / 4; }
  __device__ __forceinline__ float sum(int32_t i, int32_t unit, int32_t j) const {
    return sums_[i / 2][unit][i % 2 * 2 + j];
  }
  __device__ __forceinline__ void add(const WeightStage& stage, const int32_t (&places)[most_warp_units],
                                      int32_t units) {
    const int32_t g = lane() / 4, t = lane() % 4;
    const uint32_t* const low = stage.x + stage.offsets[t];
    const uint32_t* const high = stage.x + stage.offsets[t + 4];
    uint32_t a[tall][4];
#pragma unroll
    for (int32_t m = 0; m < tall; ++m) {
      const uint32_t* const from = stage.dy + (16 * m + g) * line + t;
      a[m][0] = from[0];
      a[m][1] = from[8 * line];
      a[m][2] = from[4];
      a[m][3] = from[8 * line + 4];
    }
#pragma unroll
    for (int32_t u = 0; u < most_warp_units; ++u) {
      if (u >= units) continue;
      const uint32_t b[2] = {low[places[u]], high[places[u]]};
#pragma unroll
      for (int32_t m = 0; m < tall; ++m) multiply(Word(), sums_[m][u], a[m], b);
    }
  }

 private:
  static __device__ __forceinline__ int32_t lane() { return static_cast<int32_t>(threadIdx.x) % warp_size; }
  float sums_[tall][most_warp_units][4] = {};
};

// Multiply-adds: eight lanes along a unit's columns, four along the outputs.
template <int32_t tall>
class WeightSums<Float32Word, tall> {
 public:
  static constexpr int32_t rows = 4 * tall, columns = 1, line = copied_line;

  __device__ __forceinline__ int32_t row(int32_t i) const { return lane() / 8 + 4 * i; }
  __device__ __forceinline__ int32_t column(int32_t) const { return operand_column(); }
  __device__ __forceinline__ int32_t operand_column() const { return lane() % 8; }
  __device__ __forceinline__ float sum(int32_t i, int32_t unit, int32_t) const { return sums_[i][unit]; }
  __device__ __forceinline__ void add(const WeightStage& stage, const int32_t (&places)[most_warp_units],
                                      int32_t units) {
    const uint32_t* const from = stage.dy + lane() / 8 * line;
    // Unrolled, it keeps more operands than there are registers.
#pragma unroll 1
    for (int32_t k = 0; k < 8; k += 2) {
      float a[rows][2];
#pragma unroll
      for (int32_t i = 0; i < rows; ++i) {
        const uint2 two = *reinterpret_cast<const uint2*>(from + 4 * i * line + k);
        a[i][0] = __uint_as_float(two.x), a[i][1] = __uint_as_float(two.y);
      }
      const uint32_t* const first = stage.x + stage.offsets[k];
      const uint32_t* const second = stage.x + stage.offsets[k + 1];
#pragma unroll
      for (int32_t u = 0; u < most_warp_units; ++u) {
        if (u >= units) continue;
        const float b[2] = {__uint_as_float(first[places[u]]), __uint_as_float(second[places[u]])};
#pragma unroll
        for (int32_t i = 0; i < rows; ++i) {
          sums_[i][u] += a[i][0] * b[0];
          sums_[i][u] += a[i][1] * b[1];
        }
      }
    }
  }

 private:
  static __device__ __forceinline__ int32_t lane() { return static_cast<int32_t>(threadIdx.x) % warp_size; }
  float sums_[rows][most_warp_units] = {};
};

}  // namespace RETORT_ISA
}  // namespace retort
