// How texts name threads, blocks and places in memory.
#include <cstdint>
#include <string>

#include "regions.h"
#include "simt.h"

namespace retort::simt {
namespace {

thread_local dim3 grid_now, block_now;

// "5", or "(1, 2)" where there are more dimensions.
std::string place_in(const dim3& size, uint32_t i) {
  if (size.y == 1 && size.z == 1) return std::to_string(i);
  const std::string xy = std::to_string(i % size.x) + ", " + std::to_string(i / size.x % size.y);
  return "(" + xy + (size.z == 1 ? "" : ", " + std::to_string(i / (size.x * size.y))) + ")";
}

}  // namespace

void declare_layout(const dim3& grid, const dim3& block) {
  grid_now = grid;
  block_now = block;
}

std::string block_text(uint32_t block) { return "block " + place_in(grid_now, block); }

std::string thread_text(uint32_t thread, uint32_t block) {
  return "thread " + place_in(block_now, thread) + " of " + block_text(block);
}

// By the nearest region.
std::string place_text(uintptr_t at) {
  const Memory& all = memory();
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
  for (const Region& region : all.operands) look(region);
  look(all.shared);
  const Symbol* const array = all.statics.holds(at, 1) ? module().array_at(at) : nullptr;
  if (array) {
    const uintptr_t from = at - all.statics.begin - array->begin, size = array->end - array->begin;
    const std::string name = "shared memory " + array->name + " + " + std::to_string(from);
    return from < size ? name : name + " of " + std::to_string(size) + " bytes";
  }
  if (all.stacks.holds(at, 1)) return "another thread's local memory";
  constexpr uintptr_t far = 1 << 20;
  if (!nearest || best > far) return "memory of no operand";
  if (at < nearest->begin) return nearest->name + " - " + std::to_string(nearest->begin - at);
  std::string name = nearest->name + " + " + std::to_string(at - nearest->begin);
  return best == 0 ? name : name + " of " + std::to_string(nearest->end - nearest->begin) + " bytes";
}

std::string who_text(const Who& who) {
  if (who.thread == asynchronous) return "a bulk copy or wgmma of block " + std::to_string(who.block);
  if (who.thread & several_lanes) return "other threads";
  return thread_text(who.thread, who.block);
}

}  // namespace retort::simt
