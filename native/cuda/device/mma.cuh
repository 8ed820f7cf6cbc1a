// Tensor-core products of one warp, of the instructions that every GPU from sm_80 on has, and what carries their
// operands. Lane l of the warp holds, with g = l / 4 and t = l mod 4 (PTX ISA, "Matrix Fragments for mma"):
//   d[0], d[1] row g, columns 2t, 2t+1; d[2], d[3] row g+8, the same columns
//   bfloat16, 16x8x16: a[0] row g, k 2t, 2t+1; a[1] row g+8; a[2] row g, k 2t+8, 2t+9; a[3] row g+8; b[0] column g, k
//   2t,
//     2t+1; b[1] k 2t+8, 2t+9; the lower k in the lower half of a word
//   tf32, 16x8x8: a[0] row g, k t; a[1] row g+8; a[2] row g, k t+4; a[3] row g+8; b[0] column g, k t; b[1] k t+4
//   int8, 16x8x32: as bfloat16 with four k's a word: a[0] row g, k 4t … 4t+3; a[2] k 4t+16 …
#pragma once

#include "platform.cuh"
#include "retort/bfloat16.h"

namespace retort {
namespace RETORT_ISA {

__device__ __forceinline__ uint32_t pack(bfloat16 low, bfloat16 high) {
  return static_cast<uint32_t>(low.bits) | static_cast<uint32_t>(high.bits) << 16;
}

#ifdef __CUDACC__

// Rounded to nearest, ties away from zero, in the bits that tensor cores read.
__device__ __forceinline__ uint32_t to_tf32(float x) {
  uint32_t bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
  return bits;
}

// Two floats in one word of bfloat16, rounded to nearest even; low in the lower half.
__device__ __forceinline__ uint32_t pack_bfloat16(float low, float high) {
  uint32_t word;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
}

__device__ __forceinline__ void mma_bfloat16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

__device__ __forceinline__ void mma_tf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

__device__ __forceinline__ void mma_int8(int32_t (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// Four 8x8 matrices of 16-bit elements: lane l gives the address of row l mod 8 of matrix l / 8 (16 bytes, aligned) and
// gets in word[i] the elements 2(l mod 4), 2(l mod 4)+1 of row l / 4 of matrix i.
__device__ __forceinline__ void load_matrices(uint32_t (&word)[4], const void* row) {
  const uint32_t at = static_cast<uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(word[0]), "=r"(word[1]), "=r"(word[2]), "=r"(word[3])
               : "r"(at)
               : "memory");
}
// The same of the transposed matrices: the elements of column l / 4 in rows 2(l mod 4), 2(l mod 4)+1.
__device__ __forceinline__ void load_matrices_transposed(uint32_t (&word)[4], const void* row) {
  const uint32_t at = static_cast<uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(word[0]), "=r"(word[1]), "=r"(word[2]), "=r"(word[3])
               : "r"(at)
               : "memory");
}

#else

inline uint32_t to_tf32(float x) {
  const uint32_t bits = __float_as_uint(x);
  return x != x ? bits : (bits + 0x1000u) & 0xffffe000u;
}

inline uint32_t pack_bfloat16(float low, float high) { return pack(to_bfloat16(low), to_bfloat16(high)); }

struct Fragments {
  uint32_t a[4], b[2];
};

// Element k of row `row` of a and of column `column` of b, out of the lanes' words; each word holds `per_word` k's.
RETORT_UNSEEN inline uint32_t fragment_of_a(const unsigned char* lanes, int32_t row, int32_t word) {
  Fragments theirs;
  std::memcpy(&theirs, lanes + (row % 8 * 4 + word % 4) * simt::most_deposit, sizeof(theirs));
  return theirs.a[row / 8 + word / 4 * 2];
}
RETORT_UNSEEN inline uint32_t fragment_of_b(const unsigned char* lanes, int32_t column, int32_t word) {
  Fragments theirs;
  std::memcpy(&theirs, lanes + (column * 4 + word % 4) * simt::most_deposit, sizeof(theirs));
  return theirs.b[word / 4];
}

// d += Σ over the eight words along k of dot(word of a, word of b).
template <typename Sum, typename Dot>
RETORT_UNSEEN void mma(Sum (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], const Dot& dot) {
  Fragments mine;
  std::memcpy(mine.a, a, sizeof(mine.a));
  std::memcpy(mine.b, b, sizeof(mine.b));
  const unsigned char* lanes = simt::exchange(&mine, sizeof(mine), "mma");
  const int32_t g = static_cast<int32_t>(simt::lane() / 4), t = static_cast<int32_t>(simt::lane() % 4);
  for (int32_t i = 0; i < 4; ++i) {
    const int32_t row = g + i / 2 * 8, column = 2 * t + i % 2;
    for (int32_t word = 0; word < 8; ++word) {
      d[i] += dot(fragment_of_a(lanes, row, word), fragment_of_b(lanes, column, word));
    }
  }
}

inline void mma_bfloat16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  mma(d, a, b, [](uint32_t x, uint32_t y) {
    return __uint_as_float(x << 16) * __uint_as_float(y << 16) +
           __uint_as_float(x & 0xffff0000u) * __uint_as_float(y & 0xffff0000u);
  });
}

inline void mma_tf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  // Tensor cores do not read the lower bits.
  mma(d, a, b,
      [](uint32_t x, uint32_t y) { return __uint_as_float(x & 0xffffe000u) * __uint_as_float(y & 0xffffe000u); });
}

inline void mma_int8(int32_t (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  mma(d, a, b, [](uint32_t x, uint32_t y) {
    int32_t sum = 0;
    for (int32_t i = 0; i < 4; ++i) {
      sum += int32_t{static_cast<int8_t>(x >> 8 * i)} * int32_t{static_cast<int8_t>(y >> 8 * i)};
    }
    return sum;
  });
}

// An element of one of the four matrices, out of the lanes' rows.
RETORT_UNSEEN inline uint32_t element_of_row(const unsigned char* lanes, uint32_t matrix, uint32_t line,
                                             uint32_t column) {
  uint16_t value;
  std::memcpy(&value, lanes + (matrix * 8 + line) * simt::most_deposit + 2 * column, sizeof(value));
  return value;
}

RETORT_UNSEEN inline void load_rows(uint32_t (&word)[4], const void* row, bool transposed) {
  if (reinterpret_cast<uintptr_t>(row) % 16 != 0)
    simt::fail("loads matrices from a row that is not aligned to 16 bytes");
  simt::note_read(row, 16);
  uint16_t mine[8];
  std::memcpy(mine, row, sizeof(mine));
  const unsigned char* lanes = simt::exchange(mine, sizeof(mine), "ldmatrix");
  const uint32_t g = simt::lane() / 4, t = simt::lane() % 4;
  for (uint32_t i = 0; i < 4; ++i) {
    word[i] = transposed ? element_of_row(lanes, i, 2 * t, g) | element_of_row(lanes, i, 2 * t + 1, g) << 16
                         : element_of_row(lanes, i, g, 2 * t) | element_of_row(lanes, i, g, 2 * t + 1) << 16;
  }
}
inline void load_matrices(uint32_t (&word)[4], const void* row) { load_rows(word, row, false); }
inline void load_matrices_transposed(uint32_t (&word)[4], const void* row) { load_rows(word, row, true); }

#endif

}  // namespace RETORT_ISA
}  // namespace retort
