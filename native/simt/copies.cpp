// cp.async: the copies that each thread of the block has begun.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include "launch.h"

namespace retort::simt {
namespace {

// One that its thread has not waited for; an entry without bytes ends a group.
struct Copy {
  void* to;
  const void* from;
  size_t bytes, valid_bytes;
};

// One list for each thread of the block.
thread_local std::vector<std::vector<Copy>> copies;

}  // namespace

void copy_later(void* to, const void* from, size_t bytes, size_t valid_bytes) {
  // The hardware may do it from here on; the threads see it when this thread has waited.
  if (valid_bytes > 0) note_read(from, valid_bytes);
  note_write(to, bytes);
  set_arriving(to, bytes, current_launch().who.launch);
  copies[current_thread()].push_back({to, from, bytes, valid_bytes});
}

void end_copy_group() { copies[current_thread()].push_back({nullptr, nullptr, 0, 0}); }

void wait_for_copies(uint32_t groups_left) {
  std::vector<Copy>& mine = copies[current_thread()];
  auto groups = [&] {
    return std::count_if(mine.begin(), mine.end(), [](const Copy& copy) { return copy.to == nullptr; });
  };
  while (groups() > static_cast<std::ptrdiff_t>(groups_left)) {
    const Copy copy = mine.front();
    mine.erase(mine.begin());
    if (copy.to == nullptr) continue;
    set_arriving(copy.to, copy.bytes, 0);
    note_write(copy.to, copy.bytes);
    std::memcpy(copy.to, copy.from, copy.valid_bytes);
    std::memset(static_cast<char*>(copy.to) + copy.valid_bytes, 0, copy.bytes - copy.valid_bytes);
  }
}

void begin_copies(uint32_t threads) {
  copies.resize(threads);
  for (std::vector<Copy>& of_thread : copies) of_thread.clear();
}

const char* undone_copies() {
  for (const Copy& copy : copies[current_thread()]) {
    if (copy.to) return "ends before it has waited for its asynchronous copies";
  }
  return nullptr;
}

}  // namespace retort::simt
