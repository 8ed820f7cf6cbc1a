// What the scheduler offers to the files that carry out a part of the hardware, and asks of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "memory.h"

namespace retort::simt {

// What a thread waits for; looked at each time the thread's turn comes.
class Condition {
 public:
  virtual bool holds() = 0;
  // Said when it never does: no thread of the block can go on.
  virtual std::string text() const = 0;

 protected:
  ~Condition() = default;
};
void wait_until(Condition& condition);

// The thread of the block that runs now, and the barriers that the block has met at.
uint32_t current_thread();
uint32_t block_barriers();
// An access of hardware that works beside the threads.
void note_asynchronous(Access access, const void* address, size_t bytes);

// A block begins.
void begin_copies(uint32_t threads);
void begin_bulk_copies();
void begin_wgmma();
// What the thread, or the block, has left undone when it ends; null for nothing.
const char* undone_copies();
const char* undone_wgmma();
const char* undone_bulk_copies();

// How many wgmma each thread of the block has waited for, as far as somebody knows.
using Progress = std::vector<uint32_t>;
// Adds what this thread's arrival at an mbarrier says of its warp and of what the thread has learned itself.
void tell_progress(Progress& progress);
// What a wait at an mbarrier tells this thread.
void learn_progress(const Progress& progress);
// Why this thread must not have these places overwritten: a wgmma reads them, or has read them and nothing that the
// thread waited for says so. Null where nothing is against it.
const char* wgmma_objects(uintptr_t begin, uintptr_t end);

}  // namespace retort::simt
