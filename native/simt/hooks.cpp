// What -fsanitize=thread and -fsanitize=alignment call in the .cu files. There is no sanitizer behind these names here:
// the compiler tells of each load and store, and memory.h judges it.
#include <cstdint>

#include "simt.h"

using retort::simt::note_read;
using retort::simt::note_write;

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

// The compiler's record of a load or store that its type says is aligned.
void __ubsan_handle_type_mismatch_v1(void*, uintptr_t) {
  if (retort::simt::in_kernel())
    retort::simt::fail("loads or stores a vector at an address that is not aligned for it");
}
}
