// A backend that stands in a library of its own (CUDA, and the CUDA kernels under simt): what it is given, and how it
// is opened. The process runs without that library where there is none.
#pragma once

#include <cstdint>

#include "kernels.h"

namespace retort {

struct LibrarySettings {
  // cudaStream_t: all calls go there, in order.
  void* stream = nullptr;
  // For sums over blocks and the like, on the device, aligned to 256 bytes; too little of it is refused by the op that
  // needs more.
  void* scratch = nullptr;
  int64_t scratch_bytes = 0;
  // 64 zeroed bytes that host and device both see, where kernels note a value that they must refuse.
  void* fault = nullptr;
  Precision precision = Precision::float32;
};

// Loads the library at `path` and makes its kernels; destroy_kernels (cpu.h) ends them, the library stays. Throws
// std::runtime_error with the loader's reason, or CUDA's.
Kernels* open_kernels(const char* path, const LibrarySettings& settings);

}  // namespace retort
