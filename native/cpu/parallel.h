// The process's one pool of threads.
#pragma once

#include <cstdint>

namespace retort {

// Calls body(chunk, context) once for every chunk in [0, chunks), shared among the caller and at most threads − 1
// threads of the pool, and returns when all are done. Which thread takes which chunk is open: a result must depend on
// the chunk alone. Calls from several threads, and calls inside a body, are allowed: the caller always makes progress
// by itself. The first exception that a body throws is thrown again here.
void parallel(int32_t threads, int64_t chunks, void (*body)(int64_t chunk, void* context), void* context);

template <typename Body>
void parallel(int32_t threads, int64_t chunks, Body&& body) {
  parallel(
      threads, chunks, [](int64_t chunk, void* context) { (*static_cast<Body*>(context))(chunk); }, &body);
}

// Memory for packing, 64-byte aligned, owned by the calling thread and kept: `slot` (0..7) tells buffers in use at the
// same time apart. It grows to the largest size asked for and is never given back while the thread lives.
float* scratch(int32_t slot, int64_t floats);

}  // namespace retort
