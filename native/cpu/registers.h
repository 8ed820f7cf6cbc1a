// Vectors as wide as the instruction set's registers, in the compiler's own vector extension.
#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace retort {
namespace RETORT_ISA {

#if defined(__AVX512F__)
constexpr int lanes = 16;
#elif defined(__AVX2__)
constexpr int lanes = 8;
#else
constexpr int lanes = 4;
#endif

typedef float Vector __attribute__((vector_size(lanes * 4)));
typedef int32_t Mask __attribute__((vector_size(lanes * 4)));
typedef float LooseVector __attribute__((vector_size(lanes * 4), aligned(4), may_alias));

inline Vector load(const float* p) { return *reinterpret_cast<const LooseVector*>(p); }
inline void store(float* p, Vector v) { *reinterpret_cast<LooseVector*>(p) = v; }
// x − 0 is x for every x, so that this is one broadcast.
inline Vector broadcast(float x) { return x - Vector{}; }
// The larger one of each pair; NaN where v has it.
inline Vector larger(Vector floor, Vector v) {
#if defined(__AVX512F__)
  // The form without a mask warns of an undefined value in GCC 12.
  return _mm512_maskz_max_ps(0xffff, floor, v);
#elif defined(__AVX2__)
  return _mm256_max_ps(floor, v);
#elif defined(__SSE2__)
  return _mm_max_ps(floor, v);
#else
  return floor > v ? floor : v;
#endif
}
// What relu may not fall below, or else nothing.
inline Vector floor_of(bool relu) { return broadcast(relu ? 0 : -__builtin_inff()); }

// Past the caches; p is aligned to a vector.
inline void stream(float* p, Vector v) {
#if defined(__AVX512F__)
  _mm512_stream_ps(p, v);
#elif defined(__AVX2__)
  _mm256_stream_ps(p, v);
#else
  store(p, v);
#endif
}

// Makes streamed stores visible before what follows: other threads read them.
inline void stream_end() {
#if defined(__AVX2__)
  _mm_sfence();
#endif
}

// The first n of p, then zeros; 0 ≤ n ≤ lanes. Reads nothing beyond them.
inline Vector load_first(const float* p, int64_t n) {
#if defined(__AVX512F__)
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p);
#else
  Vector v{};
  for (int64_t i = 0; i < n; ++i) v[i] = p[i];
  return v;
#endif
}

inline void store_first(float* p, Vector v, int64_t n) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), v);
#else
  for (int64_t i = 0; i < n; ++i) p[i] = v[i];
#endif
}

// Shuffles of two vectors, each one instruction. In every 128-bit part, 4 places of a and b:
#if defined(__AVX512F__)
#define RETORT_IN_PARTS(p, q, r, s) \
  Mask { p, q, r, s, p + 4, q + 4, r + 4, s + 4, p + 8, q + 8, r + 8, s + 8, p + 12, q + 12, r + 12, s + 12 }
#elif defined(__AVX2__)
#define RETORT_IN_PARTS(p, q, r, s) \
  Mask { p, q, r, s, p + 4, q + 4, r + 4, s + 4 }
#else
#define RETORT_IN_PARTS(p, q, r, s) \
  Mask { p, q, r, s }
#endif

inline Vector low_singles(Vector a, Vector b) {
  return __builtin_shuffle(a, b, RETORT_IN_PARTS(0, lanes, 1, lanes + 1));
}
inline Vector high_singles(Vector a, Vector b) {
  return __builtin_shuffle(a, b, RETORT_IN_PARTS(2, lanes + 2, 3, lanes + 3));
}
inline Vector low_pairs(Vector a, Vector b) { return __builtin_shuffle(a, b, RETORT_IN_PARTS(0, 1, lanes, lanes + 1)); }
inline Vector high_pairs(Vector a, Vector b) {
  return __builtin_shuffle(a, b, RETORT_IN_PARTS(2, 3, lanes + 2, lanes + 3));
}
inline Vector even_singles(Vector a, Vector b) {
  return __builtin_shuffle(a, b, RETORT_IN_PARTS(0, 2, lanes, lanes + 2));
}
inline Vector odd_singles(Vector a, Vector b) {
  return __builtin_shuffle(a, b, RETORT_IN_PARTS(1, 3, lanes + 1, lanes + 3));
}
#undef RETORT_IN_PARTS

// The even and the odd 128-bit parts of a, then those of b.
#if defined(__AVX512F__)
inline Vector even_parts(Vector a, Vector b) {
  return __builtin_shuffle(a, b, Mask{0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27});
}
inline Vector odd_parts(Vector a, Vector b) {
  return __builtin_shuffle(a, b, Mask{4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31});
}
#elif defined(__AVX2__)
inline Vector even_parts(Vector a, Vector b) { return __builtin_shuffle(a, b, Mask{0, 1, 2, 3, 8, 9, 10, 11}); }
inline Vector odd_parts(Vector a, Vector b) { return __builtin_shuffle(a, b, Mask{4, 5, 6, 7, 12, 13, 14, 15}); }
#endif

// rows[i][j] becomes rows[j][i].
inline __attribute__((always_inline)) void transpose(Vector (&rows)[lanes]) {
  Vector u[lanes];
#pragma GCC unroll 4
  for (int i = 0; i < lanes; i += 4) {
    const Vector t0 = low_singles(rows[i], rows[i + 1]), t1 = high_singles(rows[i], rows[i + 1]);
    const Vector t2 = low_singles(rows[i + 2], rows[i + 3]), t3 = high_singles(rows[i + 2], rows[i + 3]);
    u[i] = low_pairs(t0, t2), u[i + 1] = high_pairs(t0, t2);
    u[i + 2] = low_pairs(t1, t3), u[i + 3] = high_pairs(t1, t3);
  }
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
#if defined(__AVX512F__)
    const Vector v0 = even_parts(u[j], u[4 + j]), v1 = odd_parts(u[j], u[4 + j]);
    const Vector v2 = even_parts(u[8 + j], u[12 + j]), v3 = odd_parts(u[8 + j], u[12 + j]);
    rows[j] = even_parts(v0, v2), rows[8 + j] = odd_parts(v0, v2);
    rows[4 + j] = even_parts(v1, v3), rows[12 + j] = odd_parts(v1, v3);
#elif defined(__AVX2__)
    rows[j] = even_parts(u[j], u[4 + j]), rows[4 + j] = odd_parts(u[j], u[4 + j]);
#else
    rows[j] = u[j];
#endif
  }
}

// The sum of each of `lanes` vectors, in their order.
inline __attribute__((always_inline)) Vector sums(const Vector (&v)[lanes]) {
  Vector quarter[lanes / 4];
#pragma GCC unroll 4
  for (int i = 0; i < lanes / 4; ++i) {
    Vector pair[2];
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      const Vector a = v[4 * i + 2 * j], b = v[4 * i + 2 * j + 1];
      pair[j] = low_pairs(a, b) + high_pairs(a, b);
    }
    quarter[i] = even_singles(pair[0], pair[1]) + odd_singles(pair[0], pair[1]);
  }
#if defined(__AVX512F__)
  const Vector low = even_parts(quarter[0], quarter[1]) + odd_parts(quarter[0], quarter[1]);
  const Vector high = even_parts(quarter[2], quarter[3]) + odd_parts(quarter[2], quarter[3]);
  return even_parts(low, high) + odd_parts(low, high);
#elif defined(__AVX2__)
  return even_parts(quarter[0], quarter[1]) + odd_parts(quarter[0], quarter[1]);
#else
  return quarter[0];
#endif
}

}  // namespace RETORT_ISA
}  // namespace retort
