// A convolution's innermost part where pixels stand in the lanes: a few outputs by a few vectors in registers.
#pragma once

#include "registers.h"

namespace retort {
namespace RETORT_ISA {

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

// How many outputs a tile takes of those left, and how many vectors of pixels then at most.
int64_t outputs_of(int64_t left);
int64_t vectors_for(int64_t outputs);

void multiply(const PixelTile& tile, int64_t outputs, int64_t vectors);

}  // namespace RETORT_ISA
}  // namespace retort
