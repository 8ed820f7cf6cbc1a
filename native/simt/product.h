// One wgmma as the hardware sees it: where its factors lie, and a thread's part of the sums.
#pragma once

#include <cstdint>

#include "hopper.h"

namespace retort::simt {

constexpr uint32_t group_threads = 128;
constexpr int32_t piece = 16, lines_of_a = 64;

struct Product {
  float* d;
  int32_t columns;
  Factors factors;
  Operand a, b;
  bool add;
};

// The 16 bytes of the factor's `line` and of byte `at` along k (along_k), or of k `at` and the lines from `line` on.
uintptr_t piece_of(const Operand& operand, int32_t line, int32_t at);

// Every 16 bytes that the product reads of a factor.
template <typename Visit>
void pieces_of(const Operand& operand, int32_t lines, const Visit& visit) {
  const int32_t count = lines * 32 / piece;
  for (int32_t i = 0; i < count; ++i) {
    visit(i, operand.along_k ? piece_of(operand, i / 2, i % 2 * piece)
                             : piece_of(operand, i % (lines / 8) * 8, i / (lines / 8)));
  }
}

// d[columns / 2] (+)= the part of the thread that runs; product.d is left alone.
void multiply(const Product& product, float* d);

}  // namespace retort::simt
