// A launch: its grid, the order of its blocks, and what its threads see and touch.
#include "launch.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "fiber.h"

namespace retort::simt {
namespace {

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

// Ends the launch; the text is a whole sentence.
[[noreturn]] void stop(const char* text) {
  running->failed = true;
  running->fault = text;
  leave_fiber();
}

Who who() {
  Who now = running->who;
  now.thread = running->current;
  now.warp_barrier = running->warp().barriers;
  return now;
}

void access(Access kind, const void* address, size_t bytes) {
  if (!running || running->unseen) return;
  running->unseen = true;
  if (const char* why = judge(who(), kind, address, bytes)) stop(why);
  running->unseen = false;
}

}  // namespace

Launch& current_launch() { return *running; }

void shuffle(std::vector<uint32_t>& order) {
  for (uint32_t i = static_cast<uint32_t>(order.size()); i > 1; --i) std::swap(order[i - 1], order[random_below(i)]);
}

uint3 thread_index() { return running->threads[running->current].index; }
uint3 block_index() { return running->block_at; }
dim3 block_size() { return running->block; }
dim3 grid_size() { return running->grid; }
void* dynamic_shared() { return running->shared; }

void launch(dim3 grid, dim3 block, size_t shared_bytes, const void* parameters, size_t parameter_bytes,
            void (*body)(const void* parameters)) {
  const std::string op = std::string("[") + current_op() + "] simt: ";
  const uint64_t threads = uint64_t{block.x} * block.y * block.z;
  const uint64_t blocks = uint64_t{grid.x} * grid.y * grid.z;
  if (threads == 0 || threads > most_fibers || threads % warp_size != 0) {
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
  l.threads.resize(threads);
  l.warps.resize(threads / warp_size);
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
    run_block(l, order);
    if (l.failed) break;
  }
  running = nullptr;
  // Fibers that stopped within the kernel never go on.
  if (l.failed) forget_fibers();
  if (l.failed) throw Fault(op + l.fault + " (seed " + std::to_string(first_seed()) + ")");
}

void note_atomic(const void* address, size_t bytes) { access(Access::atomic, address, bytes); }
void note_read(const void* address, size_t bytes) { access(Access::read, address, bytes); }
void note_write(const void* address, size_t bytes) { access(Access::write, address, bytes); }

bool in_kernel() { return running && !running->unseen; }

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
