// wgmma: the products of a warp group.
#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "hopper.h"
#include "scheduler.h"
#include "simt.h"

namespace retort::simt {
namespace {

constexpr uint32_t group_threads = 128;
constexpr int32_t line_bytes = 128, piece = 16, lines_of_a = 64;

struct Range {
  uintptr_t begin, end;
};

struct Wgmma {
  float* d;
  int32_t columns;
  Factors factors;
  Operand a, b;
  bool add;
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

uintptr_t swizzled(uintptr_t at) { return at ^ (at >> 7 & 7) << 4; }

uintptr_t shared_begin() { return reinterpret_cast<uintptr_t>(dynamic_shared()); }

uintptr_t start_of(uint64_t descriptor) { return shared_begin() + (descriptor & 0x3fff) * 16; }
uintptr_t leading_of(uint64_t descriptor) { return (descriptor >> 16 & 0x3fff) * 16; }
uintptr_t stride_of(uint64_t descriptor) { return (descriptor >> 32 & 0x3fff) * 16; }

// The 16 bytes of the factor's `line` and of byte `at` along k (along_k), or of k `at` and the lines from `line` on.
uintptr_t piece_of(const Operand& operand, int32_t line, int32_t at) {
  const uintptr_t start = start_of(operand.descriptor), stride = stride_of(operand.descriptor);
  const auto l = static_cast<uintptr_t>(line), k = static_cast<uintptr_t>(at);
  if (operand.along_k) return swizzled(start + l / 8 * stride + l % 8 * line_bytes + k);
  return swizzled(start + l / 64 * leading_of(operand.descriptor) + k / 8 * stride + k % 8 * line_bytes + l % 64 * 2);
}

// Every 16 bytes that the product reads of a factor.
template <typename Visit>
void pieces_of(const Operand& operand, int32_t lines, const Visit& visit) {
  const int32_t count = lines * 32 / piece;
  for (int32_t i = 0; i < count; ++i) {
    visit(i, operand.along_k ? piece_of(operand, i / 2, i % 2 * piece)
                             : piece_of(operand, i % (lines / 8) * 8, i / (lines / 8)));
  }
}

Range range_of(const Operand& operand, int32_t lines) {
  Range range{UINTPTR_MAX, 0};
  pieces_of(operand, lines, [&](int32_t, uintptr_t at) {
    range.begin = std::min(range.begin, at);
    range.end = std::max(range.end, at + piece);
  });
  return range;
}

float element(const Operand& operand, Factors factors, int32_t line, int32_t k) {
  const unsigned char* at;
  if (factors == Factors::tf32) {
    at = reinterpret_cast<const unsigned char*>(piece_of(operand, line, k / 4 * piece)) + k % 4 * 4;
    uint32_t bits;
    std::memcpy(&bits, at, 4);
    // Tensor cores do not read the lower bits.
    return __uint_as_float(bits & 0xffffe000u);
  }
  if (operand.along_k) {
    at = reinterpret_cast<const unsigned char*>(piece_of(operand, line, k / 8 * piece)) + k % 8 * 2;
  } else {
    at = reinterpret_cast<const unsigned char*>(piece_of(operand, line / 8 * 8, k)) + line % 8 * 2;
  }
  uint16_t bits;
  std::memcpy(&bits, at, 2);
  return __uint_as_float(uint32_t{bits} << 16);
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
  float* d = sums_of(thread, wgmma.d).values.data();
  const int32_t t = static_cast<int32_t>(current_thread() % group_threads);
  const int32_t row = t / 32 * 16 + t % 32 / 4, column = t % 4 * 2;
  const int32_t depth = wgmma.factors == Factors::tf32 ? 8 : 16;
  float a[2][16];
  for (int32_t half = 0; half < 2; ++half) {
    for (int32_t k = 0; k < depth; ++k) a[half][k] = element(wgmma.a, wgmma.factors, row + 8 * half, k);
  }
  for (int32_t i = 0; i < wgmma.columns / 8; ++i) {
    for (int32_t j = 0; j < 2; ++j) {
      float sum[2] = {};
      for (int32_t k = 0; k < depth; ++k) {
        const float b = element(wgmma.b, wgmma.factors, 8 * i + column + j, k);
        sum[0] += a[0][k] * b;
        sum[1] += a[1][k] * b;
      }
      for (int32_t half = 0; half < 2; ++half) {
        float& to = d[4 * i + 2 * half + j];
        to = (wgmma.add ? to : 0) + sum[half];
      }
    }
  }
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
  thread.pending.push_back({d, columns, factors, a, b, add, {range_of(a, lines_of_a), range_of(b, columns)}});
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
