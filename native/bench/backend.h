// The backend that a program times: backend_cpu.cpp or backend_cuda.cpp, one a program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "retort/kernels.h"

namespace retort {

// What a product's operands are when they are multiplied.
enum class Arithmetic { float32, tf32, bfloat16, int8 };

// The machine, and the ceilings that shares are of.
std::string describe_backend();
// Whether the cases are those of a GPU.
bool on_gpu();

// `threads` where the backend knows threads, `precision` where it has the choice.
Kernels& kernels(int32_t threads, Precision precision = Precision::float32);

void* allocate_tensor(size_t bytes);
void release_tensor(void* tensor);
void send(void* tensor, const void* host, size_t bytes);
void fetch(void* host, const void* tensor, size_t bytes);

// Seconds of one call: on the CPU the best of many rounds, since whatever else runs only adds; on a GPU the median
// between events, each call after a write of more than its cache.
double seconds_of(Kernels& kernels, const std::function<void()>& call);
// Seconds of a list of calls made again and again: on a GPU as one graph.
double seconds_of_step(Kernels& kernels, const std::function<void()>& calls);

// Operations a second; 0 where nobody knows.
double peak_flops(Arithmetic arithmetic, int32_t threads);
// Bytes a second, read and written.
double peak_bandwidth();

}  // namespace retort
