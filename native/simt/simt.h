// What a .cu sees when g++ compiles it: CUDA's words, carried out on the CPU.
//
// Each thread of a block is a fiber of the calling thread. A fiber runs until it comes to a barrier or to a collective
// of its warp; then the next one runs, in an order that is drawn anew each round from a seed (RETORT_SIMT_SEED). Blocks
// run one after the other, in an order drawn too. The .cu files are compiled with -fsanitize=thread and hooks.cpp is
// what that calls at every load and store, so that memory.h judges each access; nothing in a kernel is written for it.
//
// Rules that a kernel keeps: block sizes are multiples of 32; collectives name the whole warp; blocks never wait for
// one another (a sum over blocks takes a second launch).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#define __global__
#define __device__
#define __host__
#define __constant__ static const
#define __shared__ static thread_local
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)

struct uint3 {
  uint32_t x = 0, y = 0, z = 0;
};
struct dim3 : uint3 {
  dim3(uint32_t x_ = 1, uint32_t y_ = 1, uint32_t z_ = 1) : uint3{x_, y_, z_} {}
};
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(8) int2 {
  int32_t x, y;
};
struct alignas(16) int4 {
  int32_t x, y, z, w;
};
struct alignas(8) uint2 {
  uint32_t x, y;
};
struct alignas(16) uint4 {
  uint32_t x, y, z, w;
};
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline int2 make_int2(int32_t x, int32_t y) { return {x, y}; }
inline int4 make_int4(int32_t x, int32_t y, int32_t z, int32_t w) { return {x, y, z, w}; }
inline uint2 make_uint2(uint32_t x, uint32_t y) { return {x, y}; }
inline uint4 make_uint4(uint32_t x, uint32_t y, uint32_t z, uint32_t w) { return {x, y, z, w}; }

using cudaStream_t = void*;

// A function whose own loads and stores are not a kernel's: the hooks do not see them.
#define RETORT_UNSEEN __attribute__((no_sanitize("thread", "alignment", "bounds"), noinline))

namespace retort::simt {

constexpr uint32_t warp_size = 32;
constexpr size_t most_deposit = 128;

uint3 thread_index();
uint3 block_index();
dim3 block_size();
dim3 grid_size();
void* dynamic_shared();

// Runs body(parameters) as every thread of every block; throws Fault (memory.h) with what it found. Threads may read
// the bytes of the parameters.
void launch(dim3 grid, dim3 block, size_t shared_bytes, const void* parameters, size_t parameter_bytes,
            void (*body)(const void* parameters));

void block_barrier();
void warp_barrier();
// All 32 lanes of the warp deposit `bytes` bytes; returns the place where lane l's lie, l · most_deposit bytes further,
// until this lane's next collective. Every lane of the warp must come to it, and to none of another name.
const unsigned char* exchange(const void* deposit, size_t bytes, const char* collective = "a collective");

// An access that no other access of its kind can disturb.
void note_atomic(const void* address, size_t bytes);
// Accesses by hardware on behalf of a thread.
void note_read(const void* address, size_t bytes);
void note_write(const void* address, size_t bytes);

// cp.async: a copy happens when its thread waits for it, and not before; until then nobody may touch its target.
void copy_later(void* to, const void* from, size_t bytes, size_t valid_bytes);
void end_copy_group();
void wait_for_copies(uint32_t groups_left);

// Whether a kernel runs on this thread.
bool in_kernel();
// Stops the launch; the text says what the thread that runs does wrong: "ends before …".
[[noreturn]] void fail(const char* what);
// Orders are drawn from this seed from now on.
void start_from(uint64_t seed);

template <typename T>
RETORT_UNSEEN T from_lane(T value, uint32_t lane, const char* collective) {
  T result;
  std::memcpy(&result, exchange(&value, sizeof(T), collective) + lane % warp_size * most_deposit, sizeof(T));
  return result;
}

inline uint32_t lane() {
  const uint3 t = thread_index();
  const dim3 size = block_size();
  return (t.x + size.x * (t.y + size.y * t.z)) % warp_size;
}

inline void whole_warp(uint32_t mask) {
  if (mask != 0xffffffffu) fail("names a part of its warp in a collective");
}

template <typename T, typename Change>
RETORT_UNSEEN T exchange_atomically(T* address, const Change& change) {
  note_atomic(address, sizeof(T));
  const T before = *address;
  *address = change(before);
  return before;
}

}  // namespace retort::simt

#define threadIdx (::retort::simt::thread_index())
#define blockIdx (::retort::simt::block_index())
#define blockDim (::retort::simt::block_size())
#define gridDim (::retort::simt::grid_size())

inline void __syncthreads() { retort::simt::block_barrier(); }
inline void __syncwarp(uint32_t mask = 0xffffffffu) {
  retort::simt::whole_warp(mask);
  retort::simt::warp_barrier();
}
inline void __threadfence() {}

template <typename T>
T __shfl_sync(uint32_t mask, T value, int32_t source) {
  retort::simt::whole_warp(mask);
  return retort::simt::from_lane(value, static_cast<uint32_t>(source), "__shfl_sync");
}
template <typename T>
T __shfl_xor_sync(uint32_t mask, T value, int32_t bits) {
  retort::simt::whole_warp(mask);
  return retort::simt::from_lane(value, retort::simt::lane() ^ static_cast<uint32_t>(bits), "__shfl_xor_sync");
}
template <typename T>
T __shfl_down_sync(uint32_t mask, T value, uint32_t distance) {
  retort::simt::whole_warp(mask);
  const uint32_t lane = retort::simt::lane(), source = lane + distance;
  return retort::simt::from_lane(value, source < retort::simt::warp_size ? source : lane, "__shfl_down_sync");
}
template <typename T>
T __shfl_up_sync(uint32_t mask, T value, uint32_t distance) {
  retort::simt::whole_warp(mask);
  const uint32_t lane = retort::simt::lane();
  return retort::simt::from_lane(value, lane >= distance ? lane - distance : lane, "__shfl_up_sync");
}
RETORT_UNSEEN inline uint32_t __ballot_sync(uint32_t mask, bool predicate) {
  retort::simt::whole_warp(mask);
  const uint32_t mine = predicate;
  const unsigned char* all = retort::simt::exchange(&mine, sizeof(mine), "__ballot_sync");
  uint32_t result = 0;
  for (uint32_t l = 0; l < retort::simt::warp_size; ++l) {
    uint32_t theirs;
    std::memcpy(&theirs, all + l * retort::simt::most_deposit, sizeof(theirs));
    result |= theirs << l;
  }
  return result;
}
inline bool __any_sync(uint32_t mask, bool predicate) { return __ballot_sync(mask, predicate) != 0; }
inline bool __all_sync(uint32_t mask, bool predicate) { return __ballot_sync(mask, predicate) == 0xffffffffu; }

template <typename T>
T atomicAdd(T* address, T value) {
  return retort::simt::exchange_atomically(address, [=](T before) { return static_cast<T>(before + value); });
}
template <typename T>
T atomicMax(T* address, T value) {
  return retort::simt::exchange_atomically(address, [=](T before) { return before < value ? value : before; });
}
template <typename T>
T atomicMin(T* address, T value) {
  return retort::simt::exchange_atomically(address, [=](T before) { return value < before ? value : before; });
}
template <typename T>
T atomicCAS(T* address, T expected, T value) {
  return retort::simt::exchange_atomically(address, [=](T before) { return before == expected ? value : before; });
}

template <typename T>
T __ldg(const T* address) {
  return *address;
}
inline uint32_t __float_as_uint(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}
inline float __uint_as_float(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}
// The normal distribution's function.
inline float normcdff(float x) {
  return static_cast<float>(0.5 * std::erfc(-0.70710678118654752 * static_cast<double>(x)));
}
inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline float __fdividef(float a, float b) { return a / b; }
inline uint32_t __umulhi(uint32_t a, uint32_t b) { return static_cast<uint32_t>((uint64_t{a} * b) >> 32); }
