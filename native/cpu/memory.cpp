// Memory for tensors.
#include <cstdlib>
#include <cstring>
#include <new>

#include "retort/cpu.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace retort {
namespace {

constexpr size_t cache_line = 64;
constexpr size_t huge_page = size_t{1} << 21;

size_t rounded(int64_t bytes, size_t unit) { return (static_cast<size_t>(bytes) + unit - 1) / unit * unit; }

}  // namespace

void* allocate_memory(int64_t bytes) {
  const bool huge = static_cast<size_t>(bytes) >= huge_page;
  const size_t alignment = huge ? huge_page : cache_line;
  const size_t size = rounded(bytes, alignment);
  void* memory = std::aligned_alloc(alignment, size);
  if (memory == nullptr) throw std::bad_alloc();
#if defined(__linux__)
  if (huge) madvise(memory, size, MADV_HUGEPAGE);
#endif
  std::memset(memory, 0, size);
  return memory;
}

void release_memory(void* memory) { std::free(memory); }

}  // namespace retort
