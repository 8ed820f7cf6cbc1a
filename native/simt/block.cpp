// The scheduler: the threads of a block as fibers, barriers, and conditions that threads wait for.
#include <cstdint>
#include <string>
#include <vector>

#include "fiber.h"
#include "launch.h"

namespace retort::simt {
namespace {

void enter() {
  for (;;) {
    Launch& l = current_launch();
    l.body(l.parameters);
    if (const char* undone = undone_copies()) fail(undone);
    if (const char* undone = undone_wgmma()) fail(undone);
    ++l.done;
    pause(l, State::done);
  }
}

void release_block(Launch& l) {
  for (Thread& thread : l.threads) thread.state = State::ready;
  l.waiting = 0;
  ++l.who.barrier;
}

// Why no thread of the block can go on.
std::string stuck(const Launch& l) {
  std::string text;
  if (l.waiting > 0) {
    text = "a barrier is reached by a part of " + block_text(l.who.block) + ": " + std::to_string(l.waiting) + " of " +
           std::to_string(l.count) + " threads wait, " + std::to_string(l.done) + " have ended";
  }
  for (uint32_t i = 0; i < l.count; ++i) {
    const Thread& thread = l.threads[i];
    if (thread.state == State::looking) return thread_text(i, l.who.block) + " " + thread.condition->text();
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

}  // namespace

void pause(Launch& l, State state) {
  l.threads[l.current].state = state;
  pause_fiber(l.current);
}

void run_block(Launch& l, std::vector<uint32_t>& order) {
  for (uint32_t i = 0; i < l.count; ++i) {
    Thread& thread = l.threads[i];
    thread.state = State::ready;
    thread.index.x = i % l.block.x;
    thread.index.y = i / l.block.x % l.block.y;
    thread.index.z = i / (l.block.x * l.block.y);
  }
  for (Warp& warp : l.warps) warp.arrived = warp.barriers = warp.exchanges = 0;
  l.waiting = l.done = 0;
  l.who.barrier = 0;
  begin_copies(l.count);
  begin_bulk_copies();
  begin_wgmma();
  while (l.done < l.count && !l.failed) {
    l.moved = false;
    shuffle(order);
    for (uint32_t thread : order) {
      const State state = l.threads[thread].state;
      if (state != State::ready && state != State::looking) continue;
      l.moved |= state == State::ready;
      l.current = thread;
      resume_fiber(thread, enter);
      if (l.failed) return;
    }
    if (l.moved) continue;
    l.failed = true;
    l.unseen = true;
    l.fault = stuck(l);
    return;
  }
  if (const char* undone = undone_bulk_copies()) {
    l.failed = true;
    l.fault = undone;
  }
}

void block_barrier() {
  Launch& l = current_launch();
  if (++l.waiting == l.count) {
    release_block(l);
  } else {
    pause(l, State::at_block_barrier);
  }
}

void wait_until(Condition& condition) {
  Launch& l = current_launch();
  while (!condition.holds()) {
    l.threads[l.current].condition = &condition;
    pause(l, State::looking);
  }
  l.moved = true;
}

}  // namespace retort::simt
