// What sm_90 adds: mbarriers, bulk copies of boxes of a matrix (TMA), and register shares; wgmma.cuh has the products.
// Kernels that call these do so `if constexpr (has_hopper)`: in nvcc's pass for sm_90a, and under simt.
#pragma once

#include "platform.cuh"
#include "retort/tensor_view.h"

#ifdef __CUDACC__
#include <cuda.h>
#else
#include "hopper.h"
#endif

namespace retort {
namespace RETORT_ISA {

#if !defined(__CUDACC__) || defined(__CUDA_ARCH_FEAT_SM90_ALL)
constexpr bool has_hopper = true;
#else
constexpr bool has_hopper = false;
#endif

#ifdef __CUDACC__
using TensorMap = CUtensorMap;
#else
using TensorMap = simt::TensorMap;
#endif

// A line of a box in shared memory, and the bytes after which the swizzle repeats: a box begins at a multiple of them.
constexpr int32_t line_bytes = 128, swizzle_bytes = 1024;

// Of a matrix of `rows` stored rows of `columns` elements, `row` elements from one to the next: its boxes of one line
// of columns and box_rows rows, 256 at most. data and the rows begin on 16 bytes. Floats are rounded to tf32 on the way
// if rounds_to_tf32. On the host; a kernel takes it as a `const __grid_constant__` parameter.
TensorMap map_of(const void* data, DType dtype, bool rounds_to_tf32, int64_t columns, int64_t rows, int64_t row,
                 int32_t box_rows);

#ifdef __CUDACC__
__device__ __forceinline__ uint32_t shared_address(const void* shared) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(shared));
}
#endif

// One thread makes a barrier of so many arrivals a phase; phases begin at parity 0.
__device__ __forceinline__ void start_barrier(uint64_t* barrier, uint32_t arrivals) {
#ifdef __CUDACC__
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)), "r"(arrivals) : "memory");
#else
  simt::start_barrier(barrier, arrivals);
#endif
}

// By the thread that made them, before the __syncthreads that hands them to others: bulk copies see barriers only then.
__device__ __forceinline__ void show_barriers() {
#ifdef __CUDACC__
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#else
  simt::show_barriers();
#endif
}

__device__ __forceinline__ void arrive(uint64_t* barrier) {
#ifdef __CUDACC__
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier)) : "memory");
#else
  simt::arrive(barrier, 0);
#endif
}

// An arrival; the phase also waits for so many bytes of bulk copies.
__device__ __forceinline__ void arrive_expecting(uint64_t* barrier, uint32_t bytes) {
#ifdef __CUDACC__
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)), "r"(bytes)
               : "memory");
#else
  simt::arrive(barrier, bytes);
#endif
}

// Waits until the phase of that parity is over; of a barrier just made, parity 1 is.
__device__ __forceinline__ void wait(uint64_t* barrier, uint32_t parity) {
#ifdef __CUDACC__
  uint32_t over = 0;
  do {
    asm volatile(
        "{\n"
        ".reg .pred over;\n"
        "mbarrier.try_wait.parity.shared::cta.b64 over, [%1], %2;\n"
        "selp.u32 %0, 1, 0, over;\n"
        "}\n"
        : "=r"(over)
        : "r"(shared_address(barrier)), "r"(parity)
        : "memory");
  } while (over == 0);
#else
  simt::wait(barrier, parity);
#endif
}

// Starts the copy of the box whose first element is (row, column); every byte of the box counts for the barrier, the
// zeros outside of the matrix too.
__device__ __forceinline__ void copy_box(void* shared, const TensorMap& map, int32_t column, int32_t row,
                                         uint64_t* barrier) {
#ifdef __CUDACC__
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3}], [%4];" ::"r"(
          shared_address(shared)),
      "l"(&map), "r"(column), "r"(row), "r"(shared_address(barrier))
      : "memory");
#else
  simt::copy_box_later(shared, map, column, row, barrier);
#endif
}

// This thread's plain writes to shared memory are seen by wgmma and bulk copies, after a barrier.
__device__ __forceinline__ void fence_asynchronous() {
#ifdef __CUDACC__
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#else
  simt::fence_asynchronous();
#endif
}

// Registers of each thread of this warp group from here on: fewer, which others may take, or more, once there are. A
// multiple of 8; every warp of the group must come to it.
template <int32_t count>
__device__ __forceinline__ void give_registers() {
#ifdef __CUDACC__
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(count));
#endif
}
template <int32_t count>
__device__ __forceinline__ void take_registers() {
#ifdef __CUDACC__
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(count));
#endif
}

}  // namespace RETORT_ISA
}  // namespace retort
