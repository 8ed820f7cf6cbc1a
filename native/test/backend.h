// The backend that this program tests: backend_cpu.cpp, backend_simt.cpp, backend_cuda.cpp, one a program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "retort/kernels.h"

namespace retort {

// For a start line. Throws std::exception when the machine lacks the backend: the run is skipped then, with its text.
std::string describe_backend();

// Kernels on 1 and on 2 threads where the backend knows threads.
Kernels& kernels(int32_t threads);
// Kernels that compute products of float32 tensors with this precision, where the backend has the choice.
Kernels& kernels(Precision precision);

// Memory that both the host and the kernels see.
void* allocate_tensor(size_t bytes);
void release_tensor(void* memory);

}  // namespace retort
