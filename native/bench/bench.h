// The workshop's manner: first check against sums in double, then time, then print the share of the limit. Where
// RETORT_BENCH_JSON names a file, each time goes there too, a JSON object a line, for compare.py.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "backend.h"
#include "retort/bfloat16.h"

namespace retort {

inline int64_t size_of(const std::vector<int64_t>& dims) {
  int64_t size = 1;
  for (int64_t dim : dims) size *= dim;
  return size;
}

enum class Fill { random, poison };

// A tensor that owns its memory, and the host's copy of it. Random values are uniform in [-1, 1) (whole numbers of
// [-127, 127] in int8) by a fixed seed; poison is NaN in every element, so that one left unwritten shows.
class Owned {
 public:
  explicit Owned(const std::vector<int64_t>& dims, DType dtype = DType::float32, Fill fill = Fill::random)
      : bytes_(static_cast<size_t>(size_of(dims) * width_of(dtype))),
        host_(new unsigned char[bytes_]),
        tensor_(allocate_tensor(bytes_)) {
    view = TensorView(tensor_.get(), dtype, static_cast<int32_t>(dims.size()), dims.data());
    std::memset(host_.get(), 0xFF, bytes_);
    if (fill == Fill::random) {
      uint64_t state = static_cast<uint64_t>(view.size()) + 0x9E3779B97F4A7C15u * ++made();
      for (int64_t i = 0; i < view.size(); ++i) set(i, random(state));
    }
    send();
  }

  // The host's copy.
  float operator[](int64_t i) const {
    const unsigned char* at = host_.get() + i * width_of(view.dtype);
    if (view.dtype == DType::int8) return static_cast<int8_t>(*at);
    if (view.dtype == DType::bfloat16) {
      bfloat16 value;
      std::memcpy(&value, at, sizeof(value));
      return to_float(value);
    }
    float value;
    std::memcpy(&value, at, sizeof(value));
    return value;
  }
  void set(int64_t i, float value) {
    unsigned char* at = host_.get() + i * width_of(view.dtype);
    if (view.dtype == DType::int8) {
      *at = static_cast<unsigned char>(static_cast<int8_t>(value * 127));
    } else if (view.dtype == DType::bfloat16) {
      const bfloat16 narrow = to_bfloat16(value);
      std::memcpy(at, &narrow, sizeof(narrow));
    } else if (view.dtype == DType::int32) {
      const int32_t whole = static_cast<int32_t>(value);
      std::memcpy(at, &whole, sizeof(whole));
    } else {
      std::memcpy(at, &value, sizeof(value));
    }
  }
  void send() { retort::send(tensor_.get(), host_.get(), bytes_); }
  void fetch() { retort::fetch(host_.get(), tensor_.get(), bytes_); }

  TensorView view;

 private:
  struct Release {
    void operator()(void* tensor) const { release_tensor(tensor); }
  };
  static uint64_t& made() {
    static uint64_t count = 0;
    return count;
  }
  // xorshift64: a gigabyte of it must not take longer than what it is for.
  static float random(uint64_t& state) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<float>(static_cast<int64_t>(state) >> 40) * 0x1p-23f;
  }

  size_t bytes_;
  std::unique_ptr<unsigned char[]> host_;
  std::unique_ptr<void, Release> tensor_;
};

// The value, and what its rounding error is measured by.
struct Reference {
  double value = 0, magnitude = 0, squares = 0;

  void add(double term) {
    value += term;
    magnitude += std::fabs(term);
    squares += term * term;
  }
};

// How much of an operand and of the result is rounded away, relatively: both nothing in float32.
struct Rounding {
  double operands = 0, result = 0;
};
inline Rounding rounding_of(Precision precision) {
  return {precision == Precision::tf32 ? 0x1p-10 : precision == Precision::bfloat16 ? 0x1p-8 : 0, 0};
}

// Ends the program at the first wrong value. Errors of rounded operands are as good as random, so that their sum grows
// with the root of the squares; six deviations are never passed.
inline void check(const std::string& name, int64_t at, float got, const Reference& reference,
                  const Rounding& rounding = {}) {
  const double allowed = 1e-6 + 2e-6 * reference.magnitude + 6 * rounding.operands * std::sqrt(reference.squares) +
                         rounding.result * std::fabs(reference.value);
  if (std::fabs(got - reference.value) <= allowed) return;
  std::printf("%s: wrong at %lld: %.9g, not %.9g\n", name.c_str(), static_cast<long long>(at), static_cast<double>(got),
              reference.value);
  std::exit(1);
}

inline const char* name_of(Precision precision) {
  return precision == Precision::tf32 ? "tf32" : precision == Precision::bfloat16 ? "bfloat16" : "float32";
}

// What was timed: a line for people, and the same as JSON.
class Record {
 public:
  Record(const char* op, const std::string& name) : name_(name) {
    json_ = "{\"op\": \"" + std::string(op) + "\", \"name\": \"" + name + '"';
  }
  Record& with(const char* key, const char* value) { return raw(key, '"' + std::string(value) + '"'); }
  Record& with(const char* key, bool value) { return raw(key, value ? "true" : "false"); }
  Record& with(const char* key, int64_t value) { return raw(key, std::to_string(value)); }
  Record& with(const char* key, int32_t value) { return raw(key, std::to_string(value)); }
  Record& with(const char* key, double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.9g", value);
    return raw(key, text);
  }
  Record& with(const char* key, const std::vector<int64_t>& values) {
    std::string list;
    for (int64_t value : values) list += (list.empty() ? "" : ", ") + std::to_string(value);
    return raw(key, '[' + list + ']');
  }

  const std::string& name() const { return name_; }
  void write() const {
    const char* path = std::getenv("RETORT_BENCH_JSON");
    if (!path) return;
    std::FILE* file = std::fopen(path, "a");
    if (!file) {
      std::printf("RETORT_BENCH_JSON must name a file that can be written: %s\n", path);
      std::exit(1);
    }
    std::fprintf(file, "%s}\n", json_.c_str());
    std::fclose(file);
  }

 private:
  Record& raw(const char* key, const std::string& value) {
    json_ += std::string(", \"") + key + "\": " + value;
    return *this;
  }

  std::string name_, json_;
};

// peak: 0 where nobody knows.
inline void print(Record& record, int32_t threads, double seconds, double rate, double peak, const char* unit,
                  double scale, const char* of) {
  const std::string hands = on_gpu() ? "" : std::to_string(threads) + (threads == 1 ? " thread  " : " threads ");
  std::printf("%-60s %s%10.2f us %8.1f %s", record.name().c_str(), hands.c_str(), seconds * 1e6, rate * scale, unit);
  if (peak > 0) std::printf(" %5.1f %% of %s", 100 * rate / peak, of);
  std::printf("\n");
  std::fflush(stdout);
  record.with("seconds", seconds).with("rate", rate).with("peak", peak).write();
}

inline void report(Record record, double flops, Arithmetic arithmetic, int32_t threads, Kernels& kernels,
                   const std::function<void()>& call) {
  const double seconds = seconds_of(kernels, call);
  record.with("unit", "flops");
  const bool large = on_gpu();
  print(record, threads, seconds, flops / seconds, peak_flops(arithmetic, threads), large ? "TFLOP/s" : "GFLOP/s",
        large ? 1e-12 : 1e-9, "peak");
}

// For work that moves bytes; what stays in the caches may pass the limit.
inline void report_bytes(Record record, double bytes, int32_t threads, Kernels& kernels,
                         const std::function<void()>& call) {
  const double seconds = seconds_of(kernels, call);
  record.with("unit", "bytes");
  print(record, threads, seconds, bytes / seconds, peak_bandwidth(), "GB/s", 1e-9, on_gpu() ? "a copy" : "memory");
}

// Whether the command line, parts of names, asks for a case; without any it asks for all.
inline bool wanted(int argc, char** argv, const std::string& name) {
  for (int i = 1; i < argc; ++i) {
    if (name.find(argv[i]) != std::string::npos) return true;
  }
  return argc == 1;
}

}  // namespace retort
