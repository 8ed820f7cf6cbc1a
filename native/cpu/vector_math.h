// Functions of one float without a branch or a table, so that a loop over them is a SIMD loop. Right at zero, infinity,
// NaN and subnormal results; errors in units of the last place beside each. The polynomials are minimax fits of our
// own.
#pragma once

#include <cstdint>

#include "inline.h"

namespace retort {
namespace RETORT_ISA {

RETORT_INLINE uint32_t bits_of(float x) { return __builtin_bit_cast(uint32_t, x); }
RETORT_INLINE float float_of(uint32_t bits) { return __builtin_bit_cast(float, bits); }

// condition ? a : b without the branch that GCC may make of that, moving the computation of a or b into it.
RETORT_INLINE float select(bool condition, float a, float b) {
  const uint32_t mask = -static_cast<uint32_t>(condition);
  return float_of((bits_of(a) & mask) | (bits_of(b) & ~mask));
}

// e^x, 1 unit.
RETORT_INLINE float exp(float x) {
  // Adding 1.5·2^23 leaves the nearest integer in the low bits.
  constexpr float shifter = 12582912.0f;
  x = select(x > 89.0f, 89.0f, x);
  x = select(x < -104.5f, -104.5f, x);
  const float shifted = x * 1.44269504f + shifter;
  const float n = shifted - shifter;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 0.00138131448f;
  p = p * r + 0.00836941879f;
  p = p * r + 0.0416684560f;
  p = p * r + 0.166665152f;
  p = p * r + 0.499999940f;
  p = (p * r) * r + r + 1.0f;
  // 2^n in two factors: n reaches from -151 to 128, beyond what one float's exponent holds.
  const uint32_t power = bits_of(shifted) - bits_of(shifter);
  const uint32_t half = static_cast<uint32_t>(static_cast<int32_t>(power) >> 1);
  return p * float_of((half + 127u) << 23) * float_of((power - half + 127u) << 23);
}

// Natural logarithm, 1 unit.
RETORT_INLINE float log(float x) {
  const bool small = x < 1.17549435e-38f;
  const uint32_t bits = bits_of(select(small, x * 8388608.0f, x));
  // The exponent that brings the mantissa into [sqrt(1/2), sqrt(2)).
  const uint32_t offset = bits - 0x3f3504f3u;
  const float e = static_cast<float>(static_cast<int32_t>(offset) >> 23) - select(small, 23.0f, 0.0f);
  const float f = float_of((offset & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
  float p = 0.0674663994f;
  p = p * f - 0.116756521f;
  p = p * f + 0.118881620f;
  p = p * f - 0.124055892f;
  p = p * f + 0.142195523f;
  p = p * f - 0.166679963f;
  p = p * f + 0.200021192f;
  p = p * f - 0.250000089f;
  p = p * f + 0.333333135f;
  const float f2 = f * f;
  const float tail = f * f2 * p - 0.5f * f2 - e * 2.12194440e-4f;
  float y = e * 0.693359375f + (f + tail);
  constexpr float infinity = __builtin_inff();
  y = select(x == infinity, infinity, y);
  y = select(x == 0.0f, -infinity, y);
  y = select(x < 0.0f, __builtin_nanf(""), y);
  return select(x != x, x, y);
}

// 1/(1 + e^-x), 2 units.
RETORT_INLINE float sigmoid(float x) { return 1.0f / (1.0f + exp(-x)); }

// 2 units.
RETORT_INLINE float tanh(float x) {
  const float a = __builtin_fabsf(x);
  const float z = x * x;
  float p = -0.00571704516f;
  p = p * z + 0.0206505880f;
  p = p * z - 0.0537434965f;
  p = p * z + 0.133314908f;
  p = p * z - 0.333332837f;
  const float near = x + x * (z * p);
  const float far = 1.0f - 2.0f / (exp(2.0f * a) + 1.0f);
  return select(a < 0.625f, near, __builtin_copysignf(far, x));
}

// The standard normal distribution: its function Φ(x) and its density φ(x).
struct Normal {
  float below, density;
};

// 4 units, in the far tail too: Φ(-a) = e^(-a²/2)·Q(a), Q smooth; a² is split where its rounding would show in the
// power.
RETORT_INLINE Normal normal(float x) {
  float a = __builtin_fabsf(x);
  a = select(a > 15.0f, 15.0f, a);
  const float high = float_of(bits_of(a) & 0xfffff000u);
  const float rest = 0.5f * ((a - high) * (a + high));
  const float correction = 1.0f - rest * (1.0f - rest * (0.5f - rest * (0.166666667f - rest * 0.0416666667f)));
  const float power = exp(-0.5f * (high * high)) * correction;
  const float u = (a - 4.0f) / (a + 4.0f);
  float q = 8.87581258e-05f;
  q = q * u + 0.000722486576f;
  q = q * u - 0.000409339579f;
  q = q * u - 0.00504962019f;
  q = q * u + 0.0179658428f;
  q = q * u - 0.0321854230f;
  q = q * u + 0.0285974646f;
  q = q * u + 0.0139986907f;
  q = q * u - 0.0967033881f;
  q = q * u + 0.472053217f;
  const float tail = power * (q / (1.0f + a));
  const float below = select(x < 0.0f, tail, 1.0f - tail);
  return {below, power * 0.398942280f};
}

// x·Φ(x). At -infinity it is 0, as its limit.
RETORT_INLINE float gelu(float x) {
  const float bounded = select(x < -15.0f, -15.0f, x);
  return bounded * normal(bounded).below;
}

// Φ(x) + x·φ(x).
RETORT_INLINE float gelu_slope(float x) {
  const float bounded = select(x < -15.0f, -15.0f, select(x > 15.0f, 15.0f, x));
  const Normal n = normal(bounded);
  return n.below + bounded * n.density;
}

}  // namespace RETORT_ISA
}  // namespace retort
