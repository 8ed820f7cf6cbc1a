// wgmma: which products of a warp group are under way, who has waited for them, and what they read.
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "hopper.h"
#include "product.h"
#include "scheduler.h"
#include "simt.h"

namespace retort::simt {
namespace {

struct Range {
  uintptr_t begin, end;
};

struct Wgmma : Product {
  Range reads[2];
};

// What a wgmma that is done has read, until it is overwritten.
struct Read {
  Range range;
  uint32_t number, barriers;
};

// The accumulators that are under way, and their sums so far.
struct Sums {
  float* d;
  std::vector<float> values;
};

struct Thread {
  // One without d ends a group.
  std::vector<Wgmma> pending;
  std::vector<Sums> sums;
  std::vector<Read> reads;
  uint32_t done = 0;
  Progress known;
  bool fenced = false;
  // One more than the barriers that the block had met at when this thread last fenced its writes.
  uint32_t shown = 0;
};

// Empty until the block comes to a wgmma.
thread_local std::vector<Thread> threads;
thread_local std::string said;

Thread& this_thread() {
  const dim3 size = block_size();
  if (threads.empty()) threads.resize(size.x * size.y * size.z);
  return threads[current_thread()];
}

Range range_of(const Operand& operand, int32_t lines) {
  Range range{UINTPTR_MAX, 0};
  pieces_of(operand, lines, [&](int32_t, uintptr_t at) {
    range.begin = std::min(range.begin, at);
    range.end = std::max(range.end, at + piece);
  });
  return range;
}

// The 128 threads of the warp group share the judging of what all of them read.
void note_reads(const Operand& operand, int32_t lines) {
  const uint32_t mine = current_thread() % group_threads;
  pieces_of(operand, lines, [&](int32_t i, uintptr_t address) {
    if (static_cast<uint32_t>(i) % group_threads != mine) return;
    const void* at = reinterpret_cast<const void*>(address);
    note_asynchronous(Access::read, at, piece);
    Who writer;
    if (!writer_of(at, &writer) || writer.thread >= threads.size()) return;
    if (threads[writer.thread].shown > writer.barrier) return;
    said = "multiplies by wgmma what thread " + std::to_string(writer.thread) +
           " wrote without a fence for the asynchronous proxy";
    fail(said.c_str());
  });
}

Sums& sums_of(Thread& thread, const float* d) {
  return *std::find_if(thread.sums.begin(), thread.sums.end(), [&](const Sums& sums) { return sums.d == d; });
}

void carry_out(Thread& thread, const Wgmma& wgmma) {
  note_reads(wgmma.a, lines_of_a);
  note_reads(wgmma.b, wgmma.columns);
  multiply(wgmma, sums_of(thread, wgmma.d).values.data());
}

void learn(Progress& progress, const Progress& more) {
  progress.resize(std::max(progress.size(), more.size()));
  for (size_t i = 0; i < more.size(); ++i) progress[i] = std::max(progress[i], more[i]);
}

}  // namespace

void fence_asynchronous() { this_thread().shown = block_barriers() + 1; }

void wgmma_fence() { this_thread().fenced = true; }

void wgmma_later(float* d, int32_t columns, Factors factors, Operand a, Operand b, bool add) {
  Thread& thread = this_thread();
  if (!thread.fenced) fail("begins a wgmma without a fence of its registers");
  if (threads.size() % group_threads != 0) fail("begins a wgmma in a block that is not of whole warp groups");
  for (const Operand& operand : {a, b}) {
    if (operand.descriptor >> 62 != 1) fail("begins a wgmma of a factor that is not swizzled by 128 bytes");
    if (factors == Factors::tf32 && !operand.along_k) fail("begins a wgmma of tf32 whose factor is not along k");
  }
  if (std::none_of(thread.sums.begin(), thread.sums.end(), [&](const Sums& sums) { return sums.d == d; })) {
    thread.sums.push_back({d, std::vector<float>(d, d + columns / 2)});
    std::fill(d, d + columns / 2, std::numeric_limits<float>::quiet_NaN());
  }
  thread.pending.push_back({{d, columns, factors, a, b, add}, {range_of(a, lines_of_a), range_of(b, columns)}});
}

void wgmma_commit() { this_thread().pending.push_back({}); }

void wgmma_wait(uint32_t groups_left) {
  Thread& thread = this_thread();
  auto groups = [&] {
    return std::count_if(thread.pending.begin(), thread.pending.end(), [](const Wgmma& w) { return w.d == nullptr; });
  };
  // What the warps of the group must agree in.
  uint64_t done = 0;
  while (groups() > static_cast<std::ptrdiff_t>(groups_left)) {
    const Wgmma wgmma = thread.pending.front();
    thread.pending.erase(thread.pending.begin());
    if (!wgmma.d) continue;
    carry_out(thread, wgmma);
    ++thread.done;
    for (const Range& range : wgmma.reads) thread.reads.push_back({range, thread.done, block_barriers()});
    done = (done * 31 + wgmma.a.descriptor) * 31 + wgmma.b.descriptor * 2 + wgmma.add;
  }
  auto under_way = [&](const Sums& sums) {
    return std::any_of(thread.pending.begin(), thread.pending.end(), [&](const Wgmma& w) { return w.d == sums.d; });
  };
  for (Sums& sums : thread.sums) {
    if (!under_way(sums)) std::copy(sums.values.begin(), sums.values.end(), sums.d);
  }
  thread.sums.erase(
      std::remove_if(thread.sums.begin(), thread.sums.end(), [&](const Sums& sums) { return !under_way(sums); }),
      thread.sums.end());
  thread.fenced = false;
  // The wait is the warp's: no lane goes on before every lane's products are done.
  if (from_lane(done, 0, "wgmma_wait") != done) fail("gives a warp's lanes different wgmma");
}

void tell_progress(Progress& progress) {
  if (threads.empty()) return;
  learn(progress, this_thread().known);
  progress.resize(threads.size());
  const uint32_t first = current_thread() / warp_size * warp_size;
  for (uint32_t i = first; i < first + warp_size; ++i) progress[i] = std::max(progress[i], threads[i].done);
}

void learn_progress(const Progress& progress) {
  if (!progress.empty()) learn(this_thread().known, progress);
}

const char* wgmma_objects(uintptr_t begin, uintptr_t end) {
  if (threads.empty()) return nullptr;
  auto touches = [&](const Range& range) { return range.begin < end && begin < range.end; };
  Progress known = this_thread().known;
  known.resize(threads.size());
  for (size_t i = 0; i < threads.size(); ++i) {
    Thread& thread = threads[i];
    for (const Wgmma& wgmma : thread.pending) {
      if (wgmma.d && (touches(wgmma.reads[0]) || touches(wgmma.reads[1]))) {
        return "copies over what a wgmma under way reads";
      }
    }
    for (const Read& read : thread.reads) {
      if (touches(read.range) && read.barriers == block_barriers() && read.number > known[i]) {
        said = "copies over what a wgmma of thread " + std::to_string(i) +
               " has read, without having waited for a word of it";
        return said.c_str();
      }
    }
    thread.reads.erase(
        std::remove_if(thread.reads.begin(), thread.reads.end(), [&](const Read& read) { return touches(read.range); }),
        thread.reads.end());
  }
  return nullptr;
}

void begin_wgmma() { threads.clear(); }

const char* undone_wgmma() {
  return threads.empty() || threads[current_thread()].pending.empty() ? nullptr
                                                                      : "ends before it has waited for its wgmma";
}

}  // namespace retort::simt
