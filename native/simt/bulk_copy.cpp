// mbarriers and bulk copies.
#include <algorithm>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "hopper.h"
#include "scheduler.h"
#include "simt.h"

namespace retort::simt {
namespace {

constexpr int32_t line_bytes = 128, piece = 16;
constexpr uintptr_t pattern_bytes = 1024;

struct Copy {
  unsigned char* to;
  TensorMap map;
  int32_t column, row;
  size_t bytes() const { return static_cast<size_t>(map.box_rows) * line_bytes; }
};

struct Barrier {
  const uint64_t* at;
  uint32_t arrivals, missing, phase, starter;
  int64_t bytes;  // expected and not landed
  bool visible;
  std::vector<Copy> copies;
  // What the arrivals of this phase, and of all phases that are over, tell.
  Progress arriving, known;
};

// A deque, because threads that wait keep references.
thread_local std::deque<Barrier> barriers;

uintptr_t swizzled(uintptr_t at) { return at ^ (at >> 7 & 7) << 4; }

Barrier& barrier_at(const uint64_t* at) {
  for (Barrier& barrier : barriers) {
    if (barrier.at == at) return barrier;
  }
  fail("uses an mbarrier that nobody has initialised");
}

float to_tf32(float x) {
  const uint32_t bits = __float_as_uint(x);
  return x != x ? x : __uint_as_float((bits + 0xfffu + (bits >> 13 & 1)) & 0xffffe000u);
}

void land(const Copy& copy) {
  const TensorMap& map = copy.map;
  const int64_t per_line = line_bytes / map.element_bytes;
  for (int32_t i = 0; i < map.box_rows; ++i) {
    unsigned char line[line_bytes] = {};
    const int64_t row = int64_t{copy.row} + i, first = std::max<int64_t>(copy.column, 0);
    const int64_t end = std::min<int64_t>(copy.column + per_line, map.columns);
    if (row >= 0 && row < map.rows && first < end) {
      const unsigned char* from = map.base + row * map.row_bytes + first * map.element_bytes;
      const size_t bytes = static_cast<size_t>((end - first) * map.element_bytes);
      note_asynchronous(Access::read, from, bytes);
      std::memcpy(line + (first - copy.column) * map.element_bytes, from, bytes);
    }
    if (map.rounds_to_tf32) {
      for (int32_t at = 0; at < line_bytes; at += 4) {
        float value;
        std::memcpy(&value, line + at, 4);
        value = to_tf32(value);
        std::memcpy(line + at, &value, 4);
      }
    }
    unsigned char* to = copy.to + i * line_bytes;
    note_asynchronous(Access::write, to, line_bytes);
    for (int32_t at = 0; at < line_bytes; at += piece) {
      std::memcpy(reinterpret_cast<void*>(swizzled(reinterpret_cast<uintptr_t>(to + at))), line + at, piece);
    }
  }
}

void end_phase(Barrier& barrier) {
  if (barrier.missing > 0 || barrier.bytes != 0) return;
  ++barrier.phase;
  barrier.missing = barrier.arrivals;
  barrier.known = barrier.arriving;
}

// The copies land only when nothing else is missing.
void settle(Barrier& barrier) {
  if (barrier.missing > 0) return;
  for (const Copy& copy : barrier.copies) {
    land(copy);
    barrier.bytes -= static_cast<int64_t>(copy.bytes());
  }
  barrier.copies.clear();
  end_phase(barrier);
}

class Phase final : public Condition {
 public:
  Phase(Barrier& barrier, uint32_t parity) : barrier_(barrier), parity_(parity) {}
  bool holds() override {
    if (barrier_.phase % 2 != parity_) return true;
    settle(barrier_);
    return barrier_.phase % 2 != parity_;
  }
  std::string text() const override {
    return "waits for ever at an mbarrier: " + std::to_string(barrier_.missing) + " arrivals and " +
           std::to_string(barrier_.bytes) + " bytes are missing";
  }

 private:
  Barrier& barrier_;
  const uint32_t parity_;
};

}  // namespace

void start_barrier(uint64_t* at, uint32_t arrivals) {
  if (reinterpret_cast<uintptr_t>(at) % 8 != 0) fail("initialises an mbarrier that is not aligned to 8 bytes");
  if (arrivals == 0 || arrivals >= 1u << 20) fail("initialises an mbarrier for no arrivals, or too many");
  note_write(at, sizeof(*at));
  for (const Barrier& barrier : barriers) {
    if (barrier.at == at) fail("initialises an mbarrier that is in use");
  }
  barriers.push_back({at, arrivals, arrivals, 0, current_thread(), 0, false, {}, {}, {}});
}

void show_barriers() {
  for (Barrier& barrier : barriers) barrier.visible |= barrier.starter == current_thread();
}

void arrive(uint64_t* at, uint32_t bytes) {
  note_atomic(at, sizeof(*at));
  Barrier& barrier = barrier_at(at);
  settle(barrier);
  if (barrier.missing == 0) fail("arrives at an mbarrier once too often");
  barrier.bytes += bytes;
  --barrier.missing;
  tell_progress(barrier.arriving);
  end_phase(barrier);
}

void wait(uint64_t* at, uint32_t parity) {
  note_atomic(at, sizeof(*at));
  Barrier& barrier = barrier_at(at);
  Phase phase(barrier, parity);
  wait_until(phase);
  learn_progress(barrier.known);
}

void copy_box_later(void* to, const TensorMap& map, int32_t column, int32_t row, uint64_t* at) {
  note_atomic(at, sizeof(*at));
  Barrier& barrier = barrier_at(at);
  if (!barrier.visible) fail("copies by an mbarrier that was initialised without a fence");
  const Copy copy{static_cast<unsigned char*>(to), map, column, row};
  const auto begin = reinterpret_cast<uintptr_t>(to), end = begin + copy.bytes();
  if (begin % pattern_bytes != 0) fail("copies a swizzled box to a place that is not aligned to 1024 bytes");
  if (const char* why = wgmma_objects(begin, end)) fail(why);
  note_asynchronous(Access::write, to, copy.bytes());
  forget(to, copy.bytes());
  // A NaN in every format.
  std::memset(to, 0xFF, copy.bytes());
  barrier.copies.push_back(copy);
}

void begin_bulk_copies() { barriers.clear(); }

const char* undone_bulk_copies() {
  for (const Barrier& barrier : barriers) {
    if (!barrier.copies.empty()) return "a block ends before its bulk copies have landed";
  }
  return nullptr;
}

}  // namespace retort::simt
