// Integers on a GPU: the lesser, the greater, and division by a number that the host knows.
#pragma once

#include "platform.cuh"

namespace retort {
namespace RETORT_ISA {

__device__ __forceinline__ int32_t lesser(int32_t a, int32_t b) { return a < b ? a : b; }
__device__ __forceinline__ int32_t greater(int32_t a, int32_t b) { return a > b ? a : b; }

// A multiplication and a shift: of numbers in [0, 2^31), by a divisor in [1, 2^31).
class Division {
 public:
  Division() = default;
  explicit Division(int64_t divisor) : divisor_(static_cast<uint32_t>(divisor)) {
    while ((uint64_t{1} << shift_) < divisor_) ++shift_;
    multiplier_ = static_cast<uint32_t>(((uint64_t{1} << 32) * ((uint64_t{1} << shift_) - divisor_)) / divisor_ + 1);
  }

  __device__ __forceinline__ int32_t quotient(int32_t n) const {
    const uint32_t number = static_cast<uint32_t>(n);
    return static_cast<int32_t>((__umulhi(number, multiplier_) + number) >> shift_);
  }
  // n = quotient·divisor + the result.
  __device__ __forceinline__ int32_t remainder(int32_t n, int32_t quotient) const {
    return n - quotient * static_cast<int32_t>(divisor_);
  }

 private:
  uint32_t divisor_ = 1, multiplier_ = 1, shift_ = 0;
};

}  // namespace RETORT_ISA
}  // namespace retort
