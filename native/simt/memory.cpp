#include "memory.h"

#include <link.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <memory>
#include <new>
#include <vector>

#include "simt.h"

namespace retort::simt {
namespace {

// Readers since the last order, beyond one: of several warps, or several lanes of the warp in the other bits.
constexpr uint32_t many = 0xffffffffu, several_lanes = 0x80000000u;

struct Cell {
  Who writer{}, reader{};
  bool atomic = false;
  // The launch of an asynchronous copy that is under way to here, or 0.
  uint32_t arriving = 0;

  bool known() const { return writer.launch != 0 || reader.launch != 0 || arriving != 0; }
};

uint32_t warp_of(const Who& who) {
  return who.thread & several_lanes ? who.thread & ~several_lanes : who.thread / warp_size;
}

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
  void refine(size_t finer) {
    const size_t each = granule / finer, count = (end - begin + granule - 1) / granule;
    Cell* all = cells ? static_cast<Cell*>(std::calloc(count * each, sizeof(Cell))) : nullptr;
    if (cells && !all) throw std::bad_alloc();
    for (size_t i = 0; all && i < count * each; ++i) {
      if (cells.get()[i / each].known()) all[i] = cells.get()[i / each];
    }
    cells.reset(all);
    granule = finer;
  }
};

struct Range {
  uintptr_t begin = 0, end = 0;
  bool holds(uintptr_t at, size_t bytes) const { return at >= begin && at + bytes <= end; }
};

struct Call {
  std::string op = "launch";
  std::deque<Region> regions;
};

// The library's constants, and this thread's copy of its static shared arrays.
struct Module {
  std::vector<Range> constants;
  Range statics;
};

thread_local Call call;
// What shared memory's cells begin with in each launch; an access to less makes them finer.
constexpr size_t word = 4;

thread_local Region shared{"shared memory", 0, 0, word, Use::scratch, true};
thread_local Region statics{"shared memory", 0, 0, word, Use::scratch, true};
thread_local Range parameters, stack, stacks;
thread_local dim3 grid_now, block_now;
thread_local std::string text;

int look_at(dl_phdr_info* info, size_t, void* found) {
  Module module;
  bool ours = false;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = info->dlpi_phdr[i];
    const uintptr_t begin = info->dlpi_addr + part.p_vaddr;
    if (part.p_type == PT_LOAD) {
      const Range range{begin, begin + part.p_memsz};
      if (range.holds(reinterpret_cast<uintptr_t>(&look_at), 1)) ours = true;
      if (!(part.p_flags & PF_W)) module.constants.push_back(range);
    } else if (part.p_type == PT_GNU_RELRO) {
      module.constants.push_back({begin, begin + part.p_memsz});
    } else if (part.p_type == PT_TLS && info->dlpi_tls_data) {
      const uintptr_t data = reinterpret_cast<uintptr_t>(info->dlpi_tls_data);
      module.statics = {data, data + part.p_memsz};
    }
  }
  if (!ours) return 0;
  *static_cast<Module*>(found) = module;
  return 1;
}

const Module& module() {
  thread_local const Module found = [] {
    Module m;
    dl_iterate_phdr(look_at, &m);
    return m;
  }();
  return found;
}

Region* region_of(uintptr_t at, size_t bytes) {
  if (shared.holds(at, bytes)) return &shared;
  for (Region& region : call.regions) {
    if (region.holds(at, bytes)) return &region;
  }
  if (statics.holds(at, bytes)) return &statics;
  return nullptr;
}

// "5", or "(1, 2)" where there are more dimensions.
std::string place_in(const dim3& size, uint32_t i) {
  if (size.y == 1 && size.z == 1) return std::to_string(i);
  const std::string xy = std::to_string(i % size.x) + ", " + std::to_string(i / size.x % size.y);
  return "(" + xy + (size.z == 1 ? "" : ", " + std::to_string(i / (size.x * size.y))) + ")";
}

// "student + 4096, 0 bytes past its end", by the nearest region.
std::string place(uintptr_t at) {
  const Region* nearest = nullptr;
  uintptr_t best = UINTPTR_MAX;
  auto look = [&](const Region& region) {
    if (region.begin == region.end) return;
    const uintptr_t away = at < region.begin ? region.begin - at : at >= region.end ? at - region.end + 1 : 0;
    if (away < best) {
      best = away;
      nearest = &region;
    }
  };
  for (const Region& region : call.regions) look(region);
  look(shared);
  if (statics.holds(at, 1)) look(statics);
  if (stacks.holds(at, 1)) return "another thread's local memory";
  constexpr uintptr_t far = 1 << 20;
  if (!nearest || best > far) return "memory of no operand";
  if (at < nearest->begin) return nearest->name + " - " + std::to_string(nearest->begin - at);
  std::string name = nearest->name + " + " + std::to_string(at - nearest->begin);
  return best == 0 ? name : name + " of " + std::to_string(nearest->end - nearest->begin) + " bytes";
}

const char* say(const Who& who, Access access, uintptr_t at, size_t bytes, const std::string& why) {
  text = thread_text(who.thread, who.block) + (access == Access::read ? " reads " : " writes ") +
         std::to_string(bytes) + " bytes at " + place(at) + ", " + why;
  return text.c_str();
}

std::string name_of(const Who& who) {
  if (who.thread & several_lanes) return "other threads";
  return thread_text(who.thread, who.block);
}

// Whether what `then` did is over for `now`: in an earlier launch, before a barrier, or by the same thread.
bool ordered(const Who& then, const Who& now) {
  if (then.launch != now.launch) return true;
  if (then.block != now.block) return false;
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

void begin_call(const char* op) {
  call.op = op;
  call.regions.clear();
}

void declare(const char* name, const void* begin, size_t bytes, size_t granule, Use use) {
  const uintptr_t at = reinterpret_cast<uintptr_t>(begin);
  for (Region& region : call.regions) {
    // An output that is an input: read and written.
    if (region.begin == at && region.end == at + bytes) {
      region.use = Use::in_out;
      return;
    }
  }
  call.regions.push_back({name, at, at + bytes, granule, use, false});
}

void end_call(bool judge) {
  std::string unwritten;
  for (Region& region : call.regions) {
    if (!judge || region.use != Use::out || !unwritten.empty()) continue;
    for (size_t i = 0; i < (region.end - region.begin) / region.granule; ++i) {
      if (region.cell(i).writer.launch != 0) continue;
      unwritten = region.name + " + " + std::to_string(i * region.granule);
      break;
    }
  }
  const std::string op = call.op;
  begin_call("launch");
  if (!unwritten.empty()) throw Fault("[" + op + "] simt: nobody wrote the output " + unwritten);
}

static void renew(Region& region, uintptr_t begin, uintptr_t end) {
  if (region.begin == begin && region.end == end && region.granule == word) return;
  region.begin = begin;
  region.end = end;
  region.granule = word;
  region.cells.reset();
}

void declare_block(const void* memory, size_t bytes, const void* arguments, size_t argument_bytes) {
  const auto begin = reinterpret_cast<uintptr_t>(memory);
  renew(shared, begin, begin + bytes);
  parameters = {reinterpret_cast<uintptr_t>(arguments), reinterpret_cast<uintptr_t>(arguments) + argument_bytes};
  const Range found = module().statics;
  renew(statics, found.begin, found.end);
}

void declare_stacks(const void* begin, const void* end) {
  stacks = {reinterpret_cast<uintptr_t>(begin), reinterpret_cast<uintptr_t>(end)};
}

void declare_layout(const dim3& grid, const dim3& block) {
  grid_now = grid;
  block_now = block;
}

void set_arriving(const void* address, size_t bytes, uint32_t launch) {
  const auto at = reinterpret_cast<uintptr_t>(address);
  Region* region = region_of(at, bytes);
  if (!region) return;
  const size_t last = (at + bytes - 1 - region->begin) / region->granule;
  for (size_t i = (at - region->begin) / region->granule; i <= last; ++i) region->cell(i).arriving = launch;
}

std::string block_text(uint32_t block) { return "block " + place_in(grid_now, block); }

std::string thread_text(uint32_t thread, uint32_t block) {
  return "thread " + place_in(block_now, thread) + " of " + block_text(block);
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
      if (parameters.holds(at, bytes)) return nullptr;
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
                 "which " + name_of(cell.writer) + " wrote: no barrier lies between, and not both are atomic");
    }
    if (access != Access::write && !written && (region->use == Use::out || region->use == Use::scratch)) {
      return say(who, access, at, bytes, "which nobody has written");
    }
    if (access == Access::read) {
      note(cell.reader, who, region->of_block);
      continue;
    }
    if (of_now(cell.reader) && !ordered(cell.reader, who)) {
      return say(who, access, at, bytes, "which " + name_of(cell.reader) + " read: no barrier lies between");
    }
    const bool together = atomic && written && !ordered(cell.writer, who);
    const uint32_t block = cell.writer.block == who.block ? who.block : many;
    // Several threads' atomics: whoever reads the place next must come after all of them.
    cell.writer = together ? Who{who.launch, block, many, who.barrier, who.warp_barrier} : who;
    cell.atomic = atomic;
  }
  return nullptr;
}

const char* current_op() { return call.op.c_str(); }

}  // namespace retort::simt
