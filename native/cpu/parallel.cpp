// The pool: workers look for a call that still wants a thread, take chunks from its counter, and spin for a short while
// before they sleep, because a training step calls again within microseconds.
#include "parallel.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

#include "retort/cpu.h"

namespace retort {
namespace {

constexpr int32_t max_workers = 255;
constexpr std::chrono::microseconds spin_time{30};

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

struct Call {
  void (*body)(int64_t, void*);
  void* context;
  int64_t chunks;
  std::atomic<int64_t> next{0};
  std::atomic<int32_t> inside{0};  // workers at it now; changed under the pool's mutex
  int32_t wanted;                  // workers that may still join; under the pool's mutex
  std::exception_ptr error;        // under the pool's mutex
  Call* following = nullptr;

  Call(void (*body)(int64_t, void*), void* context, int64_t chunks, int32_t wanted)
      : body(body), context(context), chunks(chunks), wanted(wanted) {}
};

class Pool {
 public:
  static Pool& instance() {
    // Never destroyed: a worker may still sleep in it when the process ends.
    static Pool* pool = new Pool;
    return *pool;
  }

  void run(int32_t threads, Call& call) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      grow(threads - 1);
      call.following = calls_;
      calls_ = &call;
      calls_seen_.fetch_add(1, std::memory_order_release);
      if (sleeping_ > 0) awake_.notify_all();
    }
    work(call);
    std::unique_lock<std::mutex> lock(mutex_);
    Call** link = &calls_;
    while (*link != &call) link = &(*link)->following;
    *link = call.following;
    if (call.inside.load(std::memory_order_relaxed) > 0) {
      lock.unlock();
      spin([&] { return call.inside.load(std::memory_order_acquire) == 0; });
      lock.lock();
      finished_.wait(lock, [&] { return call.inside.load(std::memory_order_relaxed) == 0; });
    }
  }

 private:
  void grow(int32_t workers) {
    const int32_t hardware = static_cast<int32_t>(std::thread::hardware_concurrency()) - 1;
    workers = std::min(std::max(workers, hardware), max_workers);
    while (workers_ < workers) {
      try {
        std::thread([this] { serve(); }).detach();
      } catch (const std::system_error&) {
        return;  // The system refuses another thread: the caller does the work with those there are.
      }
      ++workers_;
    }
  }

  void serve() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      const uint64_t seen = calls_seen_.load(std::memory_order_relaxed);
      if (Call* call = wanting()) {
        --call->wanted;
        call->inside.fetch_add(1, std::memory_order_relaxed);
        lock.unlock();
        work(*call);
        lock.lock();
        // The caller may return, and the call be gone, as soon as this is 0.
        if (call->inside.fetch_sub(1, std::memory_order_release) == 1) finished_.notify_all();
        continue;
      }
      lock.unlock();
      const bool more = spin([&] { return calls_seen_.load(std::memory_order_acquire) != seen; });
      lock.lock();
      if (more) continue;
      ++sleeping_;
      awake_.wait(lock, [&] { return calls_seen_.load(std::memory_order_relaxed) != seen; });
      --sleeping_;
    }
  }

  Call* wanting() {
    Call* call = calls_;
    while (call && (call->wanted == 0 || call->next.load(std::memory_order_relaxed) >= call->chunks)) {
      call = call->following;
    }
    return call;
  }

  void work(Call& call) {
    try {
      for (;;) {
        const int64_t chunk = call.next.fetch_add(1, std::memory_order_relaxed);
        if (chunk >= call.chunks) return;
        call.body(chunk, call.context);
      }
    } catch (...) {
      std::lock_guard<std::mutex> lock(mutex_);
      if (!call.error) call.error = std::current_exception();
      call.next.store(call.chunks, std::memory_order_relaxed);
    }
  }

  template <typename Condition>
  static bool spin(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + spin_time;
    do {
      for (int i = 0; i < 16; ++i) {
        if (condition()) return true;
        pause();
      }
    } while (std::chrono::steady_clock::now() < end);
    return condition();
  }

  std::mutex mutex_;
  std::condition_variable awake_, finished_;
  std::atomic<uint64_t> calls_seen_{0};
  Call* calls_ = nullptr;
  int32_t workers_ = 0;
  int32_t sleeping_ = 0;
};

std::atomic<int64_t> scratch_bytes{0};

struct Scratch {
  float* data = nullptr;
  int64_t floats = 0;

  void resize(int64_t wanted) {
    release();
    // Rounded up to whole pages, so that growing by a little does not allocate again.
    constexpr int64_t page = 4096 / sizeof(float);
    const int64_t rounded = (wanted + page - 1) / page * page;
    void* memory = std::aligned_alloc(64, static_cast<size_t>(rounded) * sizeof(float));
    if (!memory) throw std::bad_alloc();
    data = static_cast<float*>(memory);
    floats = rounded;
    scratch_bytes.fetch_add(floats * static_cast<int64_t>(sizeof(float)), std::memory_order_relaxed);
  }

  void release() {
    std::free(data);
    scratch_bytes.fetch_sub(floats * static_cast<int64_t>(sizeof(float)), std::memory_order_relaxed);
    data = nullptr;
    floats = 0;
  }

  ~Scratch() { release(); }
};

thread_local Scratch scratches[8];

}  // namespace

void parallel(int32_t threads, int64_t chunks, void (*body)(int64_t chunk, void* context), void* context) {
  if (threads <= 1 || chunks <= 1) {
    for (int64_t chunk = 0; chunk < chunks; ++chunk) body(chunk, context);
    return;
  }
  const int32_t wanted = static_cast<int32_t>(std::min<int64_t>(threads, chunks)) - 1;
  Call call(body, context, chunks, wanted);
  Pool::instance().run(wanted + 1, call);
  if (call.error) std::rethrow_exception(call.error);
}

float* scratch(int32_t slot, int64_t floats) {
  Scratch& buffer = scratches[slot];
  if (buffer.floats < floats) buffer.resize(floats);
  return buffer.data;
}

int64_t cpu_scratch_bytes() { return scratch_bytes.load(std::memory_order_relaxed); }

}  // namespace retort
