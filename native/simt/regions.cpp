// The regions of a call and of a launch, from their declaration to their end.
#include "regions.h"

#include <cstdint>
#include <string>

namespace retort::simt {
namespace {

void renew(Region& region, uintptr_t begin, uintptr_t end) {
  if (region.begin == begin && region.end == end && region.granule == word) return;
  region.begin = begin;
  region.end = end;
  region.granule = word;
  region.cells.reset();
}

}  // namespace

void Region::refine(size_t finer) {
  const size_t each = granule / finer, count = (end - begin + granule - 1) / granule;
  Cell* all = cells ? static_cast<Cell*>(std::calloc(count * each, sizeof(Cell))) : nullptr;
  if (cells && !all) throw std::bad_alloc();
  for (size_t i = 0; all && i < count * each; ++i) {
    if (cells.get()[i / each].known()) all[i] = cells.get()[i / each];
  }
  cells.reset(all);
  granule = finer;
}

void begin_call(const char* op) {
  memory().op = op;
  memory().operands.clear();
}

void declare(const char* name, const void* begin, size_t bytes, size_t granule, Use use) {
  const uintptr_t at = reinterpret_cast<uintptr_t>(begin);
  for (Region& region : memory().operands) {
    // An output that is an input: read and written.
    if (region.begin == at && region.end == at + bytes) {
      region.use = Use::in_out;
      return;
    }
  }
  memory().operands.push_back({name, at, at + bytes, granule, use, false});
}

void end_call(bool judge) {
  std::string unwritten;
  for (Region& region : memory().operands) {
    if (!judge || region.use != Use::out || !unwritten.empty()) continue;
    for (size_t i = 0; i < (region.end - region.begin) / region.granule; ++i) {
      if (region.cell(i).writer.launch != 0) continue;
      unwritten = region.name + " + " + std::to_string(i * region.granule);
      break;
    }
  }
  const std::string op = memory().op;
  begin_call("launch");
  if (!unwritten.empty()) throw Fault("[" + op + "] simt: nobody wrote the output " + unwritten);
}

void declare_block(const void* begin, size_t bytes, const void* arguments, size_t argument_bytes) {
  const auto at = reinterpret_cast<uintptr_t>(begin), given = reinterpret_cast<uintptr_t>(arguments);
  renew(memory().shared, at, at + bytes);
  memory().parameters = {given, given + argument_bytes};
  const Range found = module().statics;
  renew(memory().statics, found.begin, found.end);
}

void declare_stacks(const void* begin, const void* end) {
  memory().stacks = {reinterpret_cast<uintptr_t>(begin), reinterpret_cast<uintptr_t>(end)};
}

const char* current_op() { return memory().op.c_str(); }

}  // namespace retort::simt
