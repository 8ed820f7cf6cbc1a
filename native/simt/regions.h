// The memory that kernels may touch, and what is known of each piece of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <new>
#include <string>

#include "memory.h"
#include "module.h"

namespace retort::simt {

// In the place of a thread or block: several of them.
constexpr uint32_t many = 0xffffffffu;
// Set in the place of a thread: several lanes of the warp that the other bits name.
constexpr uint32_t several_lanes = 0x80000000u;

struct Cell {
  Who writer{}, reader{};
  bool atomic = false;
  // The launch of an asynchronous copy that is under way to here, or 0.
  uint32_t arriving = 0;

  bool known() const { return writer.launch != 0 || reader.launch != 0 || arriving != 0; }
};

struct Region {
  std::string name;
  uintptr_t begin, end;
  size_t granule;
  Use use;
  bool of_block;  // shared memory: empty again in every block
  // Zeroed by the system page by page, as they are touched: scratch memory is large and little used.
  std::unique_ptr<Cell, decltype(&std::free)> cells{nullptr, &std::free};

  bool holds(uintptr_t at, size_t bytes) const { return at >= begin && at + bytes <= end; }
  Cell& cell(size_t i) {
    if (!cells) {
      cells.reset(static_cast<Cell*>(std::calloc((end - begin + granule - 1) / granule, sizeof(Cell))));
      if (!cells) throw std::bad_alloc();
    }
    return cells.get()[i];
  }
  // Finer cells, each with what the wider one knew: neighbours of less than a granule are two threads' each its own.
  void refine(size_t finer);
};

// What shared memory's cells begin with in each launch; an access to less makes them finer.
constexpr size_t word = 4;

// What the kernels of one thread of the program may touch.
struct Memory {
  std::string op = "launch";
  std::deque<Region> operands;
  Region shared{"shared memory", 0, 0, word, Use::scratch, true};
  Region statics{"shared memory", 0, 0, word, Use::scratch, true};
  Range parameters, stacks;
};
Memory& memory();
// The region that holds all of these bytes, or null.
Region* region_of(uintptr_t at, size_t bytes);

// "student + 4096", or "thread 5 of block 2": for texts.
std::string place_text(uintptr_t at);
std::string who_text(const Who& who);

}  // namespace retort::simt
