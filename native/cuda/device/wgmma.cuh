// Products of a warp group (128 threads that begin at a multiple of 128): d [64, columns] (+)= a [64, k]·b [k,
// columns], both factors in shared memory, swizzled as copy_box leaves them; k is 16 bfloat16 or 8 floats. Thread i of
// the group holds, with g = i mod 32 / 4 and t = i mod 4 (PTX ISA, "Register Fragments for wgmma"):
//   d[4j], d[4j+1] row 16·(i / 32) + g, columns 8j + 2t, 8j + 2t + 1; d[4j+2], d[4j+3] row g + 8, the same columns
// A product goes on by itself: between wgmma_fence and the wait for its group nobody touches d, nor writes the factors.
#pragma once

#include "hopper.cuh"

namespace retort {
namespace RETORT_ISA {

// A factor in shared memory, for wgmma. along_k: a line of 128 bytes a row (of b: column), k within it, groups of 8
// lines `stride` bytes apart; the next k's are 32 bytes on. Otherwise a line a k, 64 rows within it, groups of 8 k's
// `stride` bytes apart and groups of 64 rows `leading`; the next 16 k's are two strides on.
__device__ __forceinline__ uint64_t factor_at(const void* shared, int32_t leading, int32_t stride) {
#ifdef __CUDACC__
  const uint32_t at = shared_address(shared);
#else
  const uint32_t at =
      static_cast<uint32_t>(static_cast<const char*>(shared) - static_cast<const char*>(simt::dynamic_shared()));
#endif
  constexpr uint64_t swizzled_by_128_bytes = uint64_t{1} << 62;
  return swizzled_by_128_bytes | uint64_t{(at & 0x3ffffu) >> 4} | static_cast<uint64_t>(leading >> 4) << 16 |
         static_cast<uint64_t>(stride >> 4) << 32;
}

// The same factor `bytes` further on; addresses stay below the field's 256 KiB.
__device__ __forceinline__ uint64_t advance(uint64_t factor, int32_t bytes) {
  return factor + static_cast<uint64_t>(bytes >> 4);
}

// Before the first product, and whenever d was touched since the last: orders registers for the products to come.
__device__ __forceinline__ void wgmma_fence() {
#ifdef __CUDACC__
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#else
  simt::wgmma_fence();
#endif
}

// Ends a group of products.
__device__ __forceinline__ void wgmma_commit() {
#ifdef __CUDACC__
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#else
  simt::wgmma_commit();
#endif
}

// Waits until at most so many groups are under way: the others no longer read their factors.
template <int32_t groups_left>
__device__ __forceinline__ void wgmma_wait() {
#ifdef __CUDACC__
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(groups_left) : "memory");
#else
  simt::wgmma_wait(groups_left);
#endif
}

// Waits for all groups, and only then reads d.
template <int32_t count>
__device__ __forceinline__ void wgmma_take(const float (&d)[count], float (&sums)[count]) {
  wgmma_wait<0>();
#pragma unroll
  for (int32_t i = 0; i < count; ++i) {
#ifdef __CUDACC__
    // The compiler does not know that the wait writes d, and might read it before. A second array, since it keeps one
    // that is also used as integers (by shuffles) in integers, whose moves among the products end their overlap.
    asm volatile("mov.f32 %0, %1;" : "=f"(sums[i]) : "f"(d[i]) : "memory");
#else
    sums[i] = d[i];
#endif
  }
}

#ifdef __CUDACC__

// The numbers of ten operands, and ten accumulators.
#define RETORT_TEN(tens)                                                                                            \
  "%" #tens "0, %" #tens "1, %" #tens "2, %" #tens "3, %" #tens "4, %" #tens "5, %" #tens "6, %" #tens "7, %" #tens \
  "8, %" #tens "9"
#define RETORT_FOUR_SUMS(i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define RETORT_32_SUMS(i)                                                                          \
  RETORT_FOUR_SUMS(i), RETORT_FOUR_SUMS(i + 4), RETORT_FOUR_SUMS(i + 8), RETORT_FOUR_SUMS(i + 12), \
      RETORT_FOUR_SUMS(i + 16), RETORT_FOUR_SUMS(i + 20), RETORT_FOUR_SUMS(i + 24), RETORT_FOUR_SUMS(i + 28)
#define RETORT_SIXTY \
  RETORT_TEN() ", " RETORT_TEN(1) ", " RETORT_TEN(2) ", " RETORT_TEN(3) ", " RETORT_TEN(4) ", " RETORT_TEN(5)
#define RETORT_64_NUMBERS "{" RETORT_SIXTY ", %60, %61, %62, %63}"
#define RETORT_128_NUMBERS                                                                                      \
  "{" RETORT_SIXTY ", " RETORT_TEN(6) ", " RETORT_TEN(7) ", " RETORT_TEN(8) ", " RETORT_TEN(9) ", " RETORT_TEN( \
      10) ", " RETORT_TEN(11) ", %120, %121, %122, %123, %124, %125, %126, %127}"
// `rest` are the numbers of the operands after the sums.
#define RETORT_WGMMA(shape_and_types, numbers, a, b, add, rest)                                                        \
  "{\n.reg .pred add;\nsetp.ne.b32 add, " add ", 0;\nwgmma.mma_async.sync.aligned." shape_and_types " " numbers ", " a \
  ", " b ", add, 1, 1" rest ";\n}\n"

template <bool a_along_k, bool b_along_k>
__device__ __forceinline__ void wgmma_bfloat16(float (&d)[64], uint64_t a, uint64_t b, bool add) {
  asm volatile(RETORT_WGMMA("m64n128k16.f32.bf16.bf16", RETORT_64_NUMBERS, "%64", "%65", "%66", ", %67, %68")
               : RETORT_32_SUMS(0), RETORT_32_SUMS(32)
               : "l"(a), "l"(b), "r"(static_cast<int32_t>(add)), "n"(a_along_k ? 0 : 1), "n"(b_along_k ? 0 : 1)
               : "memory");
}

template <bool a_along_k, bool b_along_k>
__device__ __forceinline__ void wgmma_bfloat16(float (&d)[128], uint64_t a, uint64_t b, bool add) {
  asm volatile(RETORT_WGMMA("m64n256k16.f32.bf16.bf16", RETORT_128_NUMBERS, "%128", "%129", "%130", ", %131, %132")
               : RETORT_32_SUMS(0), RETORT_32_SUMS(32), RETORT_32_SUMS(64), RETORT_32_SUMS(96)
               : "l"(a), "l"(b), "r"(static_cast<int32_t>(add)), "n"(a_along_k ? 0 : 1), "n"(b_along_k ? 0 : 1)
               : "memory");
}

// Both factors along k: of 32-bit elements wgmma takes no others.
__device__ __forceinline__ void wgmma_tf32(float (&d)[64], uint64_t a, uint64_t b, bool add) {
  asm volatile(RETORT_WGMMA("m64n128k8.f32.tf32.tf32", RETORT_64_NUMBERS, "%64", "%65", "%66", "")
               : RETORT_32_SUMS(0), RETORT_32_SUMS(32)
               : "l"(a), "l"(b), "r"(static_cast<int32_t>(add))
               : "memory");
}

__device__ __forceinline__ void wgmma_tf32(float (&d)[128], uint64_t a, uint64_t b, bool add) {
  asm volatile(RETORT_WGMMA("m64n256k8.f32.tf32.tf32", RETORT_128_NUMBERS, "%128", "%129", "%130", "")
               : RETORT_32_SUMS(0), RETORT_32_SUMS(32), RETORT_32_SUMS(64), RETORT_32_SUMS(96)
               : "l"(a), "l"(b), "r"(static_cast<int32_t>(add))
               : "memory");
}

#undef RETORT_TEN
#undef RETORT_FOUR_SUMS
#undef RETORT_32_SUMS
#undef RETORT_SIXTY
#undef RETORT_64_NUMBERS
#undef RETORT_128_NUMBERS
#undef RETORT_WGMMA

#else

template <bool a_along_k, bool b_along_k, int32_t count>
void wgmma_bfloat16(float (&d)[count], uint64_t a, uint64_t b, bool add) {
  simt::wgmma_later(d, 2 * count, simt::Factors::bfloat16, {a, a_along_k}, {b, b_along_k}, add);
}

template <int32_t count>
void wgmma_tf32(float (&d)[count], uint64_t a, uint64_t b, bool add) {
  simt::wgmma_later(d, 2 * count, simt::Factors::tf32, {a, true}, {b, true}, add);
}

#endif

}  // namespace RETORT_ISA
}  // namespace retort
