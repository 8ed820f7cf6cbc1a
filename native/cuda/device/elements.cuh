// Work on elements that do not know of each other: a thread takes two groups of `width` neighbours, both loaded before
// either is stored, so that enough bytes are under way to fill the memory's pipe.
#pragma once

#include <cstddef>

#include "platform.cuh"

namespace retort {
namespace RETORT_ISA {

// Neighbours that move as one, from an address that is a multiple of their size.
template <typename T, int32_t count>
struct alignas(count * sizeof(T)) Pack {
  T at[count];
};

template <int32_t count, typename T>
__device__ __forceinline__ Pack<T, count> load_pack(const T* from) {
  return *reinterpret_cast<const Pack<T, count>*>(from);
}

template <typename T, int32_t count>
__device__ __forceinline__ void store_pack(T* to, const Pack<T, count>& pack) {
  *reinterpret_cast<Pack<T, count>*>(to) = pack;
}

template <typename... Pointers>
bool aligned_to(size_t bytes, const Pointers*... pointers) {
  return (... && (reinterpret_cast<uintptr_t>(pointers) % bytes == 0));
}

constexpr int32_t element_threads = 256;

// body.load<width>(i) reads what the elements i … i + width − 1 need, body.store(i, loaded) computes and writes them.
template <int32_t width, typename Body>
__global__ void __launch_bounds__(element_threads) elements_kernel(const Body body, int64_t n) {
  const int64_t groups = n / width;
  const int64_t first = int64_t{blockIdx.x} * (2 * element_threads) + threadIdx.x, second = first + element_threads;
  if (second < groups) {
    const auto a = body.template load<width>(first * width), b = body.template load<width>(second * width);
    body.store(first * width, a);
    body.store(second * width, b);
  } else if (first < groups) {
    body.store(first * width, body.template load<width>(first * width));
  }
  const int64_t rest = groups * width + threadIdx.x;
  if (width > 1 && blockIdx.x == gridDim.x - 1 && rest < n) body.store(rest, body.template load<1>(rest));
}

template <int32_t width, typename Body>
void launch_groups(const Body& body, int64_t n, cudaStream_t stream) {
  constexpr int64_t elements = int64_t{2} * element_threads * width;
  const int64_t blocks = (n + elements - 1) / elements;
  launch(elements_kernel<width, Body>, static_cast<uint32_t>(blocks), element_threads, 0, stream, body, n);
}

// aligned: whether every pointer of the body stands at a multiple of its group's bytes.
template <int32_t width, typename Body>
void launch_elements(const Body& body, int64_t n, bool aligned, cudaStream_t stream) {
  if (aligned) return launch_groups<width>(body, n, stream);
  launch_groups<1>(body, n, stream);
}

}  // namespace RETORT_ISA
}  // namespace retort
