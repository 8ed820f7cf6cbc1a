// bfloat16 on every backend: the upper half of a float32.
#pragma once

#include <cstdint>
#include <cstring>

#ifdef __CUDACC__
#define RETORT_HOST_DEVICE __host__ __device__
#else
#define RETORT_HOST_DEVICE
#endif

namespace retort {

struct bfloat16 {
  uint16_t bits;
};

RETORT_HOST_DEVICE inline float to_float(bfloat16 x) {
  const uint32_t wide = static_cast<uint32_t>(x.bits) << 16;
  float value;
  memcpy(&value, &wide, sizeof(value));
  return value;
}

// To nearest, ties to even; NaN stays NaN.
RETORT_HOST_DEVICE inline bfloat16 to_bfloat16(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof(bits));
  const bool nan = x != x;
  bits += 0x7fffu + ((bits >> 16) & 1u);
  return {static_cast<uint16_t>(nan ? 0x7fffu : bits >> 16)};
}

}  // namespace retort
