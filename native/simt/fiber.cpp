// The stacks of a thread's fibers, and the jumps between them and the scheduler.
#include "fiber.h"

#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <iterator>
#include <new>

#include "memory.h"

namespace retort::simt {
namespace {

constexpr size_t stack_bytes = 128 << 10, guard_bytes = 4 << 10;

// The stacks of this thread's fibers, and where each goes on. A fiber that ended waits for its next block: starting one
// anew costs two calls of the system.
class Stacks {
 public:
  Stacks() {
    memory_ = mmap(nullptr, stack_bytes * most_fibers, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
    // A stack that runs over ends the program here, and not in the next stack's values.
    for (uint32_t fiber = 0; fiber < most_fibers; ++fiber) mprotect(of(fiber), guard_bytes, PROT_NONE);
    declare_stacks(memory_, of(most_fibers));
  }
  ~Stacks() { munmap(memory_, stack_bytes * most_fibers); }
  Stacks(const Stacks&) = delete;
  char* of(uint32_t fiber) { return static_cast<char*>(memory_) + stack_bytes * fiber; }

  jmp_buf at[most_fibers];
  bool started[most_fibers] = {};
  jmp_buf resumer;

 private:
  void* memory_;
};

Stacks& stacks() {
  thread_local Stacks all;
  return all;
}

}  // namespace

void resume_fiber(uint32_t fiber, void (*enter)()) {
  Stacks& all = stacks();
  char* stack = all.of(fiber);
  declare_stack(stack, stack + stack_bytes);
  if (_setjmp(all.resumer) != 0) return;
  if (all.started[fiber]) _longjmp(all.at[fiber], 1);
  all.started[fiber] = true;
  ucontext_t context;
  getcontext(&context);
  context.uc_stack.ss_sp = stack;
  context.uc_stack.ss_size = stack_bytes;
  context.uc_link = nullptr;
  makecontext(&context, enter, 0);
  setcontext(&context);
}

void pause_fiber(uint32_t fiber) {
  Stacks& all = stacks();
  if (_setjmp(all.at[fiber]) == 0) _longjmp(all.resumer, 1);
}

void leave_fiber() { _longjmp(stacks().resumer, 1); }

void forget_fibers() { std::fill(std::begin(stacks().started), std::end(stacks().started), false); }

}  // namespace retort::simt
