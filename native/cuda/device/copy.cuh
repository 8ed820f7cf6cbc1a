// Copies from global to shared memory that go on while the block computes (cp.async).
#pragma once

#include "platform.cuh"

namespace retort {
namespace RETORT_ISA {

// 16 bytes, of which the first valid_bytes come from memory and the others are zero; both addresses aligned to 16. What
// is not valid is not read.
__device__ __forceinline__ void copy_async_16(void* shared, const void* global, uint32_t valid_bytes = 16) {
#ifdef __CUDACC__
  const uint32_t to = static_cast<uint32_t>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(global), "r"(valid_bytes) : "memory");
#else
  if ((reinterpret_cast<uintptr_t>(shared) | (valid_bytes ? reinterpret_cast<uintptr_t>(global) : 0)) % 16 != 0) {
    simt::fail("copies 16 bytes between addresses that are not aligned to 16");
  }
  simt::copy_later(shared, global, 16, valid_bytes);
#endif
}

// 4 bytes, or a zero.
__device__ __forceinline__ void copy_async_4(void* shared, const void* global, bool valid = true) {
#ifdef __CUDACC__
  const uint32_t to = static_cast<uint32_t>(__cvta_generic_to_shared(shared)), bytes = valid ? 4 : 0;
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(global), "r"(bytes) : "memory");
#else
  simt::copy_later(shared, global, 4, valid ? 4 : 0);
#endif
}

// Ends a group of this thread's copies.
__device__ __forceinline__ void commit_copies() {
#ifdef __CUDACC__
  asm volatile("cp.async.commit_group;" ::: "memory");
#else
  simt::end_copy_group();
#endif
}

// Waits until at most groups_left of this thread's groups are under way; the block's other threads need a barrier then.
template <int32_t groups_left>
__device__ __forceinline__ void wait_for_copies() {
#ifdef __CUDACC__
  asm volatile("cp.async.wait_group %0;" ::"n"(groups_left) : "memory");
#else
  simt::wait_for_copies(groups_left);
#endif
}

}  // namespace RETORT_ISA
}  // namespace retort
