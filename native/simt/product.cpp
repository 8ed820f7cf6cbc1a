// The arithmetic of a wgmma.
#include "product.h"

#include <cstring>

#include "scheduler.h"
#include "simt.h"

namespace retort::simt {
namespace {

constexpr int32_t line_bytes = 128;

uintptr_t swizzled(uintptr_t at) { return at ^ (at >> 7 & 7) << 4; }

uintptr_t shared_begin() { return reinterpret_cast<uintptr_t>(dynamic_shared()); }

uintptr_t start_of(uint64_t descriptor) { return shared_begin() + (descriptor & 0x3fff) * 16; }
uintptr_t leading_of(uint64_t descriptor) { return (descriptor >> 16 & 0x3fff) * 16; }
uintptr_t stride_of(uint64_t descriptor) { return (descriptor >> 32 & 0x3fff) * 16; }

float element(const Operand& operand, Factors factors, int32_t line, int32_t k) {
  const unsigned char* at;
  if (factors == Factors::tf32) {
    at = reinterpret_cast<const unsigned char*>(piece_of(operand, line, k / 4 * piece)) + k % 4 * 4;
    uint32_t bits;
    std::memcpy(&bits, at, 4);
    // Tensor cores do not read the lower bits.
    return __uint_as_float(bits & 0xffffe000u);
  }
  if (operand.along_k) {
    at = reinterpret_cast<const unsigned char*>(piece_of(operand, line, k / 8 * piece)) + k % 8 * 2;
  } else {
    at = reinterpret_cast<const unsigned char*>(piece_of(operand, line / 8 * 8, k)) + line % 8 * 2;
  }
  uint16_t bits;
  std::memcpy(&bits, at, 2);
  return __uint_as_float(uint32_t{bits} << 16);
}

}  // namespace

uintptr_t piece_of(const Operand& operand, int32_t line, int32_t at) {
  const uintptr_t start = start_of(operand.descriptor), stride = stride_of(operand.descriptor);
  const auto l = static_cast<uintptr_t>(line), k = static_cast<uintptr_t>(at);
  if (operand.along_k) return swizzled(start + l / 8 * stride + l % 8 * line_bytes + k);
  return swizzled(start + l / 64 * leading_of(operand.descriptor) + k / 8 * stride + k % 8 * line_bytes + l % 64 * 2);
}

void multiply(const Product& product, float* d) {
  const int32_t t = static_cast<int32_t>(current_thread() % group_threads);
  const int32_t row = t / 32 * 16 + t % 32 / 4, column = t % 4 * 2;
  const int32_t depth = product.factors == Factors::tf32 ? 8 : 16;
  float a[2][16];
  for (int32_t half = 0; half < 2; ++half) {
    for (int32_t k = 0; k < depth; ++k) a[half][k] = element(product.a, product.factors, row + 8 * half, k);
  }
  for (int32_t i = 0; i < product.columns / 8; ++i) {
    for (int32_t j = 0; j < 2; ++j) {
      float sum[2] = {};
      for (int32_t k = 0; k < depth; ++k) {
        const float b = element(product.b, product.factors, 8 * i + column + j, k);
        sum[0] += a[0][k] * b;
        sum[1] += a[1][k] * b;
      }
      for (int32_t half = 0; half < 2; ++half) {
        float& to = d[4 * i + 2 * half + j];
        to = (product.add ? to : 0) + sum[half];
      }
    }
  }
}

}  // namespace retort::simt
