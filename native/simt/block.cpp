// The scheduler: threads as fibers, barriers, and what a warp does together.
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "memory.h"
#include "scheduler.h"
#include "simt.h"

namespace retort::simt {
namespace {

constexpr size_t stack_bytes = 128 << 10, guard_bytes = 4 << 10;
constexpr uint32_t most_threads = 1024;

// looking: the thread waits for a condition and is woken each round to look at it.
enum class State { ready, at_block_barrier, at_warp, looking, done };

struct Fiber {
  State state = State::ready;
  uint3 index;
  const Condition* condition = nullptr;
};

struct Warp {
  uint32_t arrived = 0, barriers = 0, exchanges = 0;
  // What the lanes that have arrived wait in.
  const char* collective = "";
  // Two, because a lane may come to the next exchange while another still reads from this one.
  alignas(16) unsigned char deposits[2][warp_size][most_deposit];
};

// Of one thread, cp.async's copies that it has not waited for; an entry without bytes ends a group.
struct Copy {
  void* to;
  const void* from;
  size_t bytes, valid_bytes;
};

// The stacks of this thread's fibers, and where each goes on. A fiber that ended waits for its next block: starting one
// anew costs two calls of the system.
class Stacks {
 public:
  Stacks() {
    memory_ = mmap(nullptr, stack_bytes * most_threads, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
    // A stack that runs over ends the program here, and not in the next stack's values.
    for (uint32_t thread = 0; thread < most_threads; ++thread) mprotect(of(thread), guard_bytes, PROT_NONE);
    declare_stacks(memory_, of(most_threads));
  }
  ~Stacks() { munmap(memory_, stack_bytes * most_threads); }
  Stacks(const Stacks&) = delete;
  char* of(uint32_t thread) { return static_cast<char*>(memory_) + stack_bytes * thread; }

  jmp_buf at[most_threads];
  bool started[most_threads] = {};

 private:
  void* memory_;
};

Stacks& stacks() {
  thread_local Stacks all;
  return all;
}

// One launch, on the thread that called it.
struct Launch {
  dim3 grid, block;
  void (*body)(const void* parameters);
  const void* parameters;
  uint3 block_at;
  Who who{};
  uint32_t count = 0, current = 0, waiting = 0, done = 0;
  std::vector<Fiber> fibers;
  std::vector<Warp> warps;
  std::vector<std::vector<Copy>> copies;
  jmp_buf scheduler;
  bool failed = false, moved = false;
  // While simt itself is at work nothing is judged: the linker may give it the .cu files' copy of std::string.
  bool unseen = false;
  std::string fault;
  void* shared = nullptr;
};

thread_local Launch* running = nullptr;
thread_local uint32_t launches = 0;

uint64_t first_seed() {
  const char* given = std::getenv("RETORT_SIMT_SEED");
  return given ? std::strtoull(given, nullptr, 10) : 1;
}

thread_local uint64_t random_state = first_seed();

uint32_t random_below(uint32_t bound) {
  uint64_t z = (random_state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return static_cast<uint32_t>(((z ^ (z >> 31)) >> 32) * bound >> 32);
}

void shuffle(std::vector<uint32_t>& order) {
  for (uint32_t i = static_cast<uint32_t>(order.size()); i > 1; --i) std::swap(order[i - 1], order[random_below(i)]);
}

[[noreturn]] void leave() { _longjmp(running->scheduler, 1); }

// Ends the launch; the text is a whole sentence.
[[noreturn]] void stop(const char* text) {
  running->failed = true;
  running->fault = text;
  leave();
}

void pause(State state) {
  const uint32_t thread = running->current;
  running->fibers[thread].state = state;
  if (_setjmp(stacks().at[thread]) == 0) leave();
}

void enter() {
  for (;;) {
    running->body(running->parameters);
    for (const Copy& copy : running->copies[running->current]) {
      if (copy.to) fail("ends before it has waited for its asynchronous copies");
    }
    if (const char* undone = undone_wgmma()) fail(undone);
    ++running->done;
    pause(State::done);
  }
}

void resume(uint32_t thread) {
  Stacks& all = stacks();
  char* stack = all.of(thread);
  running->current = thread;
  declare_stack(stack, stack + stack_bytes);
  if (_setjmp(running->scheduler) != 0) return;
  if (all.started[thread]) _longjmp(all.at[thread], 1);
  all.started[thread] = true;
  ucontext_t context;
  getcontext(&context);
  context.uc_stack.ss_sp = stack;
  context.uc_stack.ss_size = stack_bytes;
  context.uc_link = nullptr;
  makecontext(&context, enter, 0);
  setcontext(&context);
}

void release_block() {
  Launch& l = *running;
  for (Fiber& fiber : l.fibers) fiber.state = State::ready;
  l.waiting = 0;
  ++l.who.barrier;
}

// Why no thread of the block can go on.
std::string stuck() {
  const Launch& l = *running;
  std::string text;
  if (l.waiting > 0) {
    text = "a barrier is reached by a part of " + block_text(l.who.block) + ": " + std::to_string(l.waiting) + " of " +
           std::to_string(l.count) + " threads wait, " + std::to_string(l.done) + " have ended";
  }
  for (uint32_t thread = 0; thread < l.count; ++thread) {
    const Fiber& fiber = l.fibers[thread];
    if (fiber.state == State::looking) return thread_text(thread, l.who.block) + " " + fiber.condition->text();
  }
  for (size_t w = 0; w < l.warps.size(); ++w) {
    const Warp& warp = l.warps[w];
    if (warp.arrived == 0) continue;
    const std::string lanes = std::to_string(warp.arrived) + " lanes of warp " + std::to_string(w);
    if (!text.empty()) return text + "; " + lanes + " wait in " + warp.collective;
    return "a collective is reached by a part of a warp: " + lanes + " of " + block_text(l.who.block) + " wait in " +
           warp.collective;
  }
  return text;
}

void run_block(std::vector<uint32_t>& order) {
  Launch& l = *running;
  for (uint32_t i = 0; i < l.count; ++i) {
    Fiber& fiber = l.fibers[i];
    fiber.state = State::ready;
    fiber.index.x = i % l.block.x;
    fiber.index.y = i / l.block.x % l.block.y;
    fiber.index.z = i / (l.block.x * l.block.y);
    l.copies[i].clear();
  }
  for (Warp& warp : l.warps) warp.arrived = warp.barriers = warp.exchanges = 0;
  l.waiting = l.done = 0;
  l.who.barrier = 0;
  begin_bulk_copies();
  begin_wgmma();
  while (l.done < l.count && !l.failed) {
    l.moved = false;
    shuffle(order);
    for (uint32_t thread : order) {
      const State state = l.fibers[thread].state;
      if (state != State::ready && state != State::looking) continue;
      l.moved |= state == State::ready;
      resume(thread);
      if (l.failed) return;
    }
    if (l.moved) continue;
    l.failed = true;
    l.unseen = true;
    l.fault = stuck();
    return;
  }
  if (const char* undone = undone_bulk_copies()) {
    l.failed = true;
    l.fault = undone;
  }
}

// Waits until the whole warp is here.
void meet(const char* collective) {
  Launch& l = *running;
  Warp& warp = l.warps[l.current / warp_size];
  if (warp.arrived > 0 && std::strcmp(warp.collective, collective) != 0) {
    l.unseen = true;
    fail(("comes to " + std::string(collective) + " while other lanes of its warp wait in " + warp.collective).c_str());
  }
  warp.collective = collective;
  if (++warp.arrived < warp_size) {
    pause(State::at_warp);
    return;
  }
  warp.arrived = 0;
  ++warp.exchanges;
  const uint32_t first = l.current / warp_size * warp_size;
  for (uint32_t i = first; i < first + warp_size; ++i) {
    if (l.fibers[i].state == State::at_warp) l.fibers[i].state = State::ready;
  }
}

Who who() {
  Who now = running->who;
  now.thread = running->current;
  now.warp_barrier = running->warps[running->current / warp_size].barriers;
  return now;
}

void access(Access kind, const void* address, size_t bytes) {
  if (!running || running->unseen) return;
  running->unseen = true;
  if (const char* why = judge(who(), kind, address, bytes)) stop(why);
  running->unseen = false;
}

}  // namespace

uint3 thread_index() { return running->fibers[running->current].index; }
uint3 block_index() { return running->block_at; }
dim3 block_size() { return running->block; }
dim3 grid_size() { return running->grid; }
void* dynamic_shared() { return running->shared; }

void launch(dim3 grid, dim3 block, size_t shared_bytes, const void* parameters, size_t parameter_bytes,
            void (*body)(const void* parameters)) {
  const std::string op = std::string("[") + current_op() + "] simt: ";
  const uint64_t threads = uint64_t{block.x} * block.y * block.z;
  const uint64_t blocks = uint64_t{grid.x} * grid.y * grid.z;
  if (threads == 0 || threads > most_threads || threads % warp_size != 0) {
    throw Fault(op + "a block must have 32 to 1024 threads, in whole warps: " + std::to_string(threads));
  }
  if (blocks == 0 || grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535) {
    throw Fault(op + "a grid must have 1 to 2147483647 × 65535 × 65535 blocks: " + std::to_string(grid.x) + " × " +
                std::to_string(grid.y) + " × " + std::to_string(grid.z));
  }
  constexpr size_t most_shared = 227 << 10;
  if (shared_bytes > most_shared) {
    throw Fault(op + "a block has at most 227 KiB of shared memory: " + std::to_string(shared_bytes) + " bytes");
  }
  Launch l;
  l.grid = grid;
  l.block = block;
  l.body = body;
  l.parameters = parameters;
  l.count = static_cast<uint32_t>(threads);
  l.fibers.resize(threads);
  l.warps.resize(threads / warp_size);
  l.copies.resize(threads);
  // As on the device, where bulk copies and swizzles ask for it.
  std::unique_ptr<void, decltype(&std::free)> shared(std::aligned_alloc(1024, (shared_bytes / 1024 + 1) * 1024),
                                                     &std::free);
  if (!shared) throw std::bad_alloc();
  std::memset(shared.get(), 0xFF, shared_bytes);
  l.shared = shared.get();
  l.who.launch = ++launches;
  std::vector<uint32_t> order(threads), places(blocks);
  for (uint32_t i = 0; i < threads; ++i) order[i] = i;
  for (uint32_t i = 0; i < blocks; ++i) places[i] = i;
  shuffle(places);
  declare_block(l.shared, shared_bytes, parameters, parameter_bytes);
  declare_layout(grid, block);
  running = &l;
  for (uint32_t at : places) {
    l.who.block = at;
    l.block_at.x = at % grid.x;
    l.block_at.y = at / grid.x % grid.y;
    l.block_at.z = at / (grid.x * grid.y);
    run_block(order);
    if (l.failed) break;
  }
  running = nullptr;
  // Fibers that stopped within the kernel never go on.
  if (l.failed) std::fill(std::begin(stacks().started), std::end(stacks().started), false);
  if (l.failed) throw Fault(op + l.fault + " (seed " + std::to_string(first_seed()) + ")");
}

void block_barrier() {
  Launch& l = *running;
  if (++l.waiting == l.count) {
    release_block();
  } else {
    pause(State::at_block_barrier);
  }
}

void warp_barrier() {
  Warp& warp = running->warps[running->current / warp_size];
  const uint32_t last = warp.arrived + 1;
  if (last == warp_size) ++warp.barriers;
  meet("__syncwarp");
}

const unsigned char* exchange(const void* deposit, size_t bytes, const char* collective) {
  if (bytes > most_deposit) fail("deposits more than 128 bytes in a collective");
  Warp& warp = running->warps[running->current / warp_size];
  unsigned char(&deposits)[warp_size][most_deposit] = warp.deposits[warp.exchanges % 2];
  std::memcpy(deposits[running->current % warp_size], deposit, bytes);
  meet(collective);
  return deposits[0];
}

void note_atomic(const void* address, size_t bytes) { access(Access::atomic, address, bytes); }
void note_read(const void* address, size_t bytes) { access(Access::read, address, bytes); }
void note_write(const void* address, size_t bytes) { access(Access::write, address, bytes); }

void copy_later(void* to, const void* from, size_t bytes, size_t valid_bytes) {
  // The hardware may do it from here on; the threads see it when this thread has waited.
  if (valid_bytes > 0) note_read(from, valid_bytes);
  note_write(to, bytes);
  set_arriving(to, bytes, running->who.launch);
  running->copies[running->current].push_back({to, from, bytes, valid_bytes});
}

void end_copy_group() { running->copies[running->current].push_back({nullptr, nullptr, 0, 0}); }

void wait_for_copies(uint32_t groups_left) {
  std::vector<Copy>& copies = running->copies[running->current];
  auto groups = [&] {
    return std::count_if(copies.begin(), copies.end(), [](const Copy& copy) { return copy.to == nullptr; });
  };
  while (groups() > static_cast<std::ptrdiff_t>(groups_left)) {
    const Copy copy = copies.front();
    copies.erase(copies.begin());
    if (copy.to == nullptr) continue;
    set_arriving(copy.to, copy.bytes, 0);
    note_write(copy.to, copy.bytes);
    std::memcpy(copy.to, copy.from, copy.valid_bytes);
    std::memset(static_cast<char*>(copy.to) + copy.valid_bytes, 0, copy.bytes - copy.valid_bytes);
  }
}

bool in_kernel() { return running && !running->unseen; }

void wait_until(Condition& condition) {
  Launch& l = *running;
  while (!condition.holds()) {
    l.fibers[l.current].condition = &condition;
    pause(State::looking);
  }
  l.moved = true;
}

uint32_t current_thread() { return running->current; }
uint32_t block_barriers() { return running->who.barrier; }

void note_asynchronous(Access kind, const void* address, size_t bytes) {
  Who hardware = running->who;
  hardware.thread = asynchronous;
  running->unseen = true;
  if (const char* why = judge(hardware, kind, address, bytes)) stop(why);
  running->unseen = false;
}

void fail(const char* what) {
  running->unseen = true;
  stop((thread_text(running->current, running->who.block) + " " + what).c_str());
}

void start_from(uint64_t seed) { random_state = seed; }

}  // namespace retort::simt
