// Fibers: each goes on where it paused, on a stack of its own.
#pragma once

#include <cstdint>

namespace retort::simt {

constexpr uint32_t most_fibers = 1024;

// Lets the fiber go on until it pauses or leaves; `enter` is where one begins that has not started, and never returns.
void resume_fiber(uint32_t fiber, void (*enter)());
// To be called on the fiber itself: back to resume_fiber's caller, until the fiber is resumed.
void pause_fiber(uint32_t fiber);
// The same for good: forget_fibers must follow.
[[noreturn]] void leave_fiber();
// All fibers of this thread count as not started; what is on their stacks is lost.
void forget_fibers();

}  // namespace retort::simt
