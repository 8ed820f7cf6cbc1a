// Values that a kernel must refuse: noted on the device, thrown when the host synchronises.
#pragma once

#include "device/platform.cuh"

namespace retort {
namespace RETORT_ISA {

enum class Refused : int32_t { nothing = 0, label = 1, temperature = 2, index = 3, step = 4, place = 5 };

// What Kernels::synchronize throws. A kernel keeps the first one.
struct ValueFault {
  Refused what;
  const char* op;  // of the host; a kernel only hands it on
  double value;
  int64_t place, bound;
};

__device__ __forceinline__ void note_fault(ValueFault* fault, const char* op, Refused what, double value, int64_t place,
                                           int64_t bound) {
  int32_t* const taken = reinterpret_cast<int32_t*>(&fault->what);
  if (atomicCAS(taken, 0, static_cast<int32_t>(what)) != 0) return;
  fault->op = op;
  fault->value = value;
  fault->place = place;
  fault->bound = bound;
}

}  // namespace RETORT_ISA
}  // namespace retort
