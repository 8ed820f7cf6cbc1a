// Judges each access by those before it.
#include "memory.h"

#include <cstdint>
#include <string>

#include "regions.h"
#include "simt.h"

namespace retort::simt {
namespace {

thread_local Memory all;
thread_local Range stack;
thread_local std::string text;

uint32_t warp_of(const Who& who) {
  return who.thread & several_lanes ? who.thread & ~several_lanes : who.thread / warp_size;
}

const char* say(const Who& who, Access access, uintptr_t at, size_t bytes, const std::string& why) {
  text = who_text(who) + (access == Access::read ? " reads " : " writes ") + std::to_string(bytes) + " bytes at " +
         place_text(at) + ", " + why;
  return text.c_str();
}

// Whether what `then` did is over for `now`: in an earlier launch, before a barrier, or by the same thread.
bool ordered(const Who& then, const Who& now) {
  if (then.launch != now.launch) return true;
  if (then.block != now.block) return false;
  if (then.thread == asynchronous) return true;
  if (then.barrier != now.barrier || then.thread == now.thread) return true;
  if (then.thread == many || warp_of(then) != warp_of(now)) return false;
  return then.warp_barrier != now.warp_barrier;
}

void note(Who& reader, const Who& who, bool of_block) {
  if (reader.launch != who.launch || (of_block && reader.block != who.block)) {
    reader = who;
  } else if (reader.block != who.block) {
    reader = {who.launch, many, many, 0, 0};
  } else if (reader.barrier != who.barrier || reader.thread == who.thread) {
    reader = who;
  } else if (reader.thread != many && warp_of(reader) == warp_of(who)) {
    reader.thread = several_lanes | warp_of(who);
    reader.warp_barrier = who.warp_barrier;
  } else {
    reader.thread = many;
  }
}

}  // namespace

Memory& memory() { return all; }

Region* region_of(uintptr_t at, size_t bytes) {
  Memory& m = all;
  if (m.shared.holds(at, bytes)) return &m.shared;
  for (Region& region : m.operands) {
    if (region.holds(at, bytes)) return &region;
  }
  if (!m.statics.holds(at, bytes)) return nullptr;
  const Module& found = module();
  // Without a symbol table one array is not told from the next.
  if (found.arrays.empty()) return &m.statics;
  const Symbol* const array = found.array_at(at);
  return array && at + bytes - m.statics.begin <= array->end ? &m.statics : nullptr;
}

void declare_stack(const void* begin, const void* end) {
  stack = {reinterpret_cast<uintptr_t>(begin), reinterpret_cast<uintptr_t>(end)};
}

const char* judge(const Who& who, Access access, const void* address, size_t bytes) {
  const auto at = reinterpret_cast<uintptr_t>(address);
  if (stack.holds(at, bytes)) return nullptr;
  Region* region = region_of(at, bytes);
  if (!region) {
    if (access == Access::read) {
      if (all.parameters.holds(at, bytes)) return nullptr;
      for (const Range& range : module().constants) {
        if (range.holds(at, bytes)) return nullptr;
      }
    }
    return say(who, access, at, bytes, "out of bounds");
  }
  if (region->of_block) {
    // The address's lowest bit that is set, and the bytes: what a cell may be at most.
    const size_t fine = bytes | (at - region->begin) | region->granule, unit = fine & (~fine + 1);
    if (unit < region->granule) region->refine(unit);
  }
  if (access != Access::read && region->use == Use::in) return say(who, access, at, bytes, "an input");
  const size_t first = (at - region->begin) / region->granule,
               last = (at + bytes - 1 - region->begin) / region->granule;
  for (size_t i = first; i <= last; ++i) {
    Cell& cell = region->cell(i);
    auto of_now = [&](const Who& then) {
      return then.launch != 0 && !(region->of_block && (then.launch != who.launch || then.block != who.block));
    };
    const bool written = of_now(cell.writer), atomic = access == Access::atomic;
    if (cell.arriving == who.launch) return say(who, access, at, bytes, "to which an asynchronous copy is under way");
    if (written && !(atomic && cell.atomic) && !ordered(cell.writer, who)) {
      return say(who, access, at, bytes,
                 "which " + who_text(cell.writer) + " wrote: no barrier lies between, and not both are atomic");
    }
    if (access != Access::write && !written && (region->use == Use::out || region->use == Use::scratch)) {
      return say(who, access, at, bytes, "which nobody has written");
    }
    if (access == Access::read) {
      note(cell.reader, who, region->of_block);
      continue;
    }
    if (of_now(cell.reader) && !ordered(cell.reader, who)) {
      return say(who, access, at, bytes, "which " + who_text(cell.reader) + " read: no barrier lies between");
    }
    const bool together = atomic && written && !ordered(cell.writer, who);
    const uint32_t block = cell.writer.block == who.block ? who.block : many;
    // Several threads' atomics: whoever reads the place next must come after all of them.
    cell.writer = together ? Who{who.launch, block, many, who.barrier, who.warp_barrier} : who;
    cell.atomic = atomic;
  }
  return nullptr;
}

void set_arriving(const void* address, size_t bytes, uint32_t launch) {
  const auto at = reinterpret_cast<uintptr_t>(address);
  Region* region = region_of(at, bytes);
  if (!region) return;
  const size_t last = (at + bytes - 1 - region->begin) / region->granule;
  for (size_t i = (at - region->begin) / region->granule; i <= last; ++i) region->cell(i).arriving = launch;
}

void forget(const void* address, size_t bytes) {
  const auto at = reinterpret_cast<uintptr_t>(address);
  Region* region = region_of(at, bytes);
  if (!region) return;
  for (size_t i = (at - region->begin) / region->granule; i <= (at + bytes - 1 - region->begin) / region->granule;
       ++i) {
    region->cell(i).writer = Who{};
  }
}

bool writer_of(const void* address, Who* writer) {
  const auto at = reinterpret_cast<uintptr_t>(address);
  Region* region = region_of(at, 1);
  if (!region) return false;
  *writer = region->cell((at - region->begin) / region->granule).writer;
  return writer->launch != 0;
}

}  // namespace retort::simt
