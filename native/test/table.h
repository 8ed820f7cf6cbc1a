// The one table of the native tests: op × shape × element type, each row a value against a reference in double or a
// gradient against finite differences of that reference.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend.h"
#include "check.h"
#include "retort/kernels.h"

namespace retort {

using Shape = std::vector<int64_t>;

// Values in double with the element type that the kernel shall see; float32 values are floats.
struct Array {
  Shape shape;
  DType dtype = DType::float32;
  std::vector<double> values;

  double operator[](int64_t i) const { return values[static_cast<size_t>(i)]; }
  double& operator[](int64_t i) { return values[static_cast<size_t>(i)]; }
  int64_t size() const { return static_cast<int64_t>(values.size()); }
};

using Arrays = std::vector<Array>;
using Views = std::vector<TensorView>;

// How far a result may be from the reference: |got − want| ≤ relative·|want| + absolute.
struct Tolerance {
  double relative, absolute;
};

// Every tolerance of the native tests. Values of a table are of the order of 1.
namespace tolerance {
// Moved or compared, never computed.
constexpr Tolerance exact{0, 0};
// A few roundings.
constexpr Tolerance elementwise{2e-6, 1e-7};
// Softmax, losses, batch norm, optimisers: sums and powers.
constexpr Tolerance composed{1e-5, 2e-6};
// A kernel's gradient in float against differences of the reference in double.
constexpr Tolerance gradient{1e-4, 1e-5};
// Attention whose products are rounded to TensorFloat-32 or bfloat16: weights and sums of them.
constexpr Tolerance attention_tf32{2e-3, 2e-3};
constexpr Tolerance attention_bfloat16{2e-2, 2e-2};
// Sums of `terms` numbers up to 1 that promise to lose little.
Tolerance sum(int64_t terms);
// Sums of `terms` products of numbers up to 1 in float accumulators.
Tolerance product(int64_t terms);
// The same where both numbers of each product are rounded to `precision` first.
Tolerance product(int64_t terms, Precision precision);
// A value rounded to bfloat16 on its way out.
Tolerance rounded_to_bfloat16(const Tolerance& before);
}  // namespace tolerance

constexpr uint64_t seed = 20260817;

// Values of a test: the same for the same row and argument, whatever ran before.
class Random {
 public:
  explicit Random(const std::string& row);
  double uniform(double low, double high);
  Array array(const Shape& shape, double low = -1, double high = 1);
  Array labels(int64_t count, int64_t classes);

 private:
  uint64_t next();
  uint64_t state_;
};

int64_t size_of(const Shape& shape);
std::string text_of(const Shape& shape);
Array zeros(const Shape& shape, DType dtype = DType::float32);
Array scalar(double value);
Array array_of(const Shape& shape, const std::vector<double>& values, DType dtype = DType::float32);

// Of memory that the backend's kernels see.
template <typename T>
struct BackendAllocator {
  using value_type = T;
  BackendAllocator() = default;
  template <typename U>
  BackendAllocator(const BackendAllocator<U>&) {}
  T* allocate(size_t count) { return static_cast<T*>(allocate_tensor(count * sizeof(T))); }
  void deallocate(T* memory, size_t) { release_tensor(memory); }
  bool operator==(const BackendAllocator&) const { return true; }
  bool operator!=(const BackendAllocator&) const { return false; }
};

// Memory for one tensor as the kernels see it, with guard bytes on both sides.
class Buffer {
 public:
  explicit Buffer(const Array& array);
  Buffer(Buffer&&) = default;
  Buffer& operator=(Buffer&&) = default;
  TensorView& view() { return view_; }
  // Every byte set, so that a value left unwritten shows.
  void poison();
  double get(int64_t i) const;
  bool guards_intact() const;
  std::vector<uint8_t> bytes() const;

 private:
  std::vector<uint8_t, BackendAllocator<uint8_t>> memory_;
  TensorView view_;
};

// The value of one call.
struct ValueRow {
  std::string name;
  Arrays inputs;
  // Outputs [0, states) hold a value before the call (in place); the others are written whole.
  Arrays outputs;
  size_t states = 0;
  std::function<void(Kernels&, Views& in, Views& out)> call;
  // Gets the inputs and the outputs as they were, returns the outputs as they shall be.
  std::function<void(const Arrays& in, Arrays& out)> reference;
  Tolerance tolerance;
  // The input that output 0 may be; −1 for none.
  int32_t in_place = -1;
};

// Runs the row on 1 and 2 threads, each twice: right values, equal bits, inputs untouched, nothing written outside;
// then in place where that is allowed.
void check(const ValueRow& row);

// The gradients of Σ dy·forward(inputs) by the first `differentiated` inputs.
struct GradientRow {
  std::string name;
  Arrays inputs;
  Shape y;
  size_t differentiated = 1;
  std::function<std::vector<double>(const Arrays& in)> forward;
  // Writes gradients[i], of the shape of input i.
  std::function<void(Kernels&, Views& in, TensorView& dy, Views& gradients)> call;
};

void check(const GradientRow& row);

// The text of the std::invalid_argument that the call throws; "" when it throws none.
std::string refusal(const std::function<void(Kernels&)>& call);

}  // namespace retort
