// What -fsanitize=thread, alignment and bounds call in the .cu files. There is no sanitizer behind these names here:
// the compiler tells of each load and store, and memory.h judges it.
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "simt.h"

using retort::simt::note_read;
using retort::simt::note_write;

namespace {

struct Place {
  const char* file;
  uint32_t line, column;
};

void fail_at(const Place& place, const char* what) {
  if (!retort::simt::in_kernel()) return;
  const char* const slash = std::strrchr(place.file, '/');
  char text[256];
  std::snprintf(text, sizeof(text), "%s (%s:%u)", what, slash ? slash + 1 : place.file, place.line);
  retort::simt::fail(text);
}

}  // namespace

extern "C" {

#define RETORT_HOOKS(bytes)                                                         \
  void __tsan_read##bytes(void* address) { note_read(address, bytes); }             \
  void __tsan_write##bytes(void* address) { note_write(address, bytes); }           \
  void __tsan_unaligned_read##bytes(void* address) { note_read(address, bytes); }   \
  void __tsan_unaligned_write##bytes(void* address) { note_write(address, bytes); } \
  void __tsan_volatile_read##bytes(void* address) { note_read(address, bytes); }    \
  void __tsan_volatile_write##bytes(void* address) { note_write(address, bytes); }
RETORT_HOOKS(1)
RETORT_HOOKS(2)
RETORT_HOOKS(4)
RETORT_HOOKS(8)
RETORT_HOOKS(16)
void __tsan_read_range(void* address, unsigned long bytes) { note_read(address, bytes); }
void __tsan_write_range(void* address, unsigned long bytes) { note_write(address, bytes); }
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void*, void*) {}
void __tsan_vptr_read(void*) {}

// A load or store whose type says that it is aligned; an index beyond an array whose size the compiler knows. The
// compiler's record of either begins with its place.
void __ubsan_handle_type_mismatch_v1(const Place* place, uintptr_t) {
  fail_at(*place, "loads or stores a vector at an address that is not aligned for it");
}
void __ubsan_handle_out_of_bounds(const Place* place, uintptr_t) { fail_at(*place, "indexes an array beyond its end"); }
}
