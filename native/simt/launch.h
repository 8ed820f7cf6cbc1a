// The launch that runs on this thread, as the files that carry it out share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "memory.h"
#include "scheduler.h"
#include "simt.h"

namespace retort::simt {

// looking: the thread waits for a condition and is woken each round to look at it.
enum class State { ready, at_block_barrier, at_warp, looking, done };

struct Thread {
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

struct Launch {
  dim3 grid, block;
  void (*body)(const void* parameters);
  const void* parameters;
  uint3 block_at;
  Who who{};
  uint32_t count = 0, current = 0, waiting = 0, done = 0;
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  bool failed = false, moved = false;
  // While simt itself is at work nothing is judged: the linker may give it the .cu files' copy of std::string.
  bool unseen = false;
  std::string fault;
  void* shared = nullptr;

  Warp& warp() { return warps[current / warp_size]; }
};

Launch& current_launch();
// In an order drawn from the seed.
void shuffle(std::vector<uint32_t>& order);
// Carries out the block that who.block and block_at name, to its end or to the first fault.
void run_block(Launch& launch, std::vector<uint32_t>& order);
// The thread that runs stops here until its state is ready or looking again and its turn comes.
void pause(Launch& launch, State state);

}  // namespace retort::simt
