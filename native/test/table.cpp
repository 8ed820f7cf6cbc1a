#include "table.h"

#include <cmath>
#include <cstring>
#include <stdexcept>

#include "retort/bfloat16.h"

namespace retort {
namespace {

constexpr size_t guard = 64;
constexpr uint8_t guard_byte = 0xA5;
// Elements of an input that are moved for a difference, and how far.
constexpr int64_t most_moved = 48;
constexpr double move = 1e-5;

bool close(double got, double want, const Tolerance& tolerance) {
  if (std::isnan(want)) return std::isnan(got);
  if (std::isinf(want)) return got == want;
  return std::fabs(got - want) <= tolerance.relative * std::fabs(want) + tolerance.absolute;
}

// One failure a tensor says enough.
void check_close(const std::string& what, size_t tensor, const Buffer& got, const Array& want,
                 const Tolerance& tolerance) {
  for (int64_t i = 0; i < want.size(); ++i) {
    if (close(got.get(i), want[i], tolerance)) continue;
    FAIL_CHECK(what, " ", tensor, ", element ", i, ": got ", got.get(i), ", want ", want[i]);
    return;
  }
}

std::vector<Buffer> buffers_of(const Arrays& arrays) {
  std::vector<Buffer> buffers;
  buffers.reserve(arrays.size());
  for (const Array& array : arrays) buffers.emplace_back(array);
  return buffers;
}

Views views_of(std::vector<Buffer>& buffers) {
  Views views;
  for (Buffer& buffer : buffers) views.push_back(buffer.view());
  return views;
}

// Outputs of a run; the output 0 is the memory of input `shared` where that is not −1.
std::vector<Buffer> run(const ValueRow& row, int32_t threads, int32_t shared) {
  std::vector<Buffer> inputs = buffers_of(row.inputs), outputs = buffers_of(row.outputs);
  for (size_t i = row.states; i < outputs.size(); ++i) outputs[i].poison();
  Views in = views_of(inputs), out = views_of(outputs);
  if (shared >= 0) out[0] = in[static_cast<size_t>(shared)];
  row.call(kernels(threads), in, out);
  kernels(threads).synchronize();
  for (size_t i = 0; i < inputs.size(); ++i) {
    CHECK(inputs[i].guards_intact());
    if (static_cast<int32_t>(i) == shared) continue;
    CHECK_MESSAGE(inputs[i].bytes() == Buffer(row.inputs[i]).bytes(), "input ", i, " was written");
  }
  if (shared >= 0) outputs[0] = std::move(inputs[static_cast<size_t>(shared)]);
  for (const Buffer& output : outputs) CHECK(output.guards_intact());
  return outputs;
}

}  // namespace

namespace tolerance {
Tolerance sum(int64_t terms) { return {2e-6, 2e-7 * (4 + std::sqrt(static_cast<double>(terms)))}; }

Tolerance product(int64_t terms) { return {2e-6, 1e-6 + 6e-8 * static_cast<double>(terms)}; }

Tolerance product(int64_t terms, Precision precision) {
  const Tolerance exact = product(terms);
  if (precision == Precision::float32) return exact;
  // Both numbers of a product are off by half a unit of their 11th (8th) bit at most, to either side: five deviations
  // of a sum of so many.
  const double rounding = precision == Precision::tf32 ? 0x1p-11 : 0x1p-8;
  return {exact.relative, exact.absolute + 1.5 * rounding * std::sqrt(static_cast<double>(terms) + 1)};
}

Tolerance rounded_to_bfloat16(const Tolerance& before) { return {before.relative + 0x1p-8, before.absolute}; }
}  // namespace tolerance

Random::Random(const std::string& row) : state_(seed) {
  for (char c : row) state_ = (state_ ^ static_cast<uint8_t>(c)) * 0x100000001B3u;
}

uint64_t Random::next() {
  uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

double Random::uniform(double low, double high) {
  return low + (high - low) * (static_cast<double>(next() >> 11) * 0x1p-53);
}

Array Random::array(const Shape& shape, double low, double high) {
  Array array = zeros(shape);
  for (double& value : array.values) value = static_cast<float>(uniform(low, high));
  return array;
}

Array Random::labels(int64_t count, int64_t classes) {
  Array array = zeros({count}, DType::int32);
  for (double& value : array.values) value = static_cast<double>(next() % static_cast<uint64_t>(classes));
  return array;
}

int64_t size_of(const Shape& shape) {
  int64_t size = 1;
  for (int64_t dim : shape) size *= dim;
  return size;
}

std::string text_of(const Shape& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

Array zeros(const Shape& shape, DType dtype) {
  return {shape, dtype, std::vector<double>(static_cast<size_t>(size_of(shape)))};
}

Array scalar(double value) { return array_of({1}, {static_cast<double>(static_cast<float>(value))}); }

Array array_of(const Shape& shape, const std::vector<double>& values, DType dtype) { return {shape, dtype, values}; }

Buffer::Buffer(const Array& array) {
  const auto width = static_cast<size_t>(width_of(array.dtype)), count = array.values.size();
  memory_.assign(2 * guard + width * count, guard_byte);
  for (size_t i = 0; i < count; ++i) {
    uint8_t* at = memory_.data() + guard + i * width;
    const double value = array.values[i];
    if (array.dtype == DType::float32) {
      const float element = static_cast<float>(value);
      std::memcpy(at, &element, width);
    } else if (array.dtype == DType::int32) {
      const int32_t element = static_cast<int32_t>(value);
      std::memcpy(at, &element, width);
    } else if (array.dtype == DType::bfloat16) {
      const bfloat16 element = to_bfloat16(static_cast<float>(value));
      std::memcpy(at, &element, width);
    } else {
      *at = array.dtype == DType::int8 ? static_cast<uint8_t>(static_cast<int8_t>(value)) : static_cast<uint8_t>(value);
    }
  }
  view_ = TensorView(memory_.data() + guard, array.dtype, static_cast<int32_t>(array.shape.size()), array.shape.data());
}

void Buffer::poison() { std::memset(view_.data, 0xFF, memory_.size() - 2 * guard); }

double Buffer::get(int64_t i) const {
  const uint8_t* at = memory_.data() + guard + i * width_of(view_.dtype);
  if (view_.dtype == DType::uint8) return *at;
  if (view_.dtype == DType::int8) return static_cast<int8_t>(*at);
  if (view_.dtype == DType::bfloat16) {
    bfloat16 element;
    std::memcpy(&element, at, sizeof(element));
    return static_cast<double>(to_float(element));
  }
  if (view_.dtype == DType::int32) {
    int32_t element;
    std::memcpy(&element, at, 4);
    return element;
  }
  float element;
  std::memcpy(&element, at, 4);
  return static_cast<double>(element);
}

bool Buffer::guards_intact() const {
  for (size_t i = 0; i < guard; ++i) {
    if (memory_[i] != guard_byte || memory_[memory_.size() - 1 - i] != guard_byte) return false;
  }
  return true;
}

std::vector<uint8_t> Buffer::bytes() const { return {memory_.begin(), memory_.end()}; }

void check(const ValueRow& row) {
  INFO("row ", row.name, ", seed ", seed);
  Arrays want = row.outputs;
  row.reference(row.inputs, want);
  for (int32_t threads = 1; threads <= 2; ++threads) {
    INFO("threads ", threads);
    const std::vector<Buffer> got = run(row, threads, -1), again = run(row, threads, -1);
    for (size_t i = 0; i < want.size(); ++i) {
      check_close("output", i, got[i], want[i], row.tolerance);
      CHECK_MESSAGE(got[i].bytes() == again[i].bytes(), "output ", i, " differs between two runs");
    }
    if (row.in_place < 0) continue;
    const std::vector<Buffer> shared = run(row, threads, row.in_place);
    for (size_t i = 0; i < want.size(); ++i) check_close("in place, output", i, shared[i], want[i], row.tolerance);
  }
}

void check(const GradientRow& row) {
  INFO("gradient row ", row.name, ", seed ", seed);
  Random random(row.name);
  const Array dy = random.array(row.y);
  Arrays inputs = row.inputs;
  std::vector<Buffer> in = buffers_of(row.inputs), out;
  for (size_t i = 0; i < row.differentiated; ++i) {
    out.emplace_back(row.inputs[i]);
    out.back().poison();
  }
  Buffer dy_buffer(dy);
  Views in_views = views_of(in), out_views = views_of(out);
  row.call(kernels(2), in_views, dy_buffer.view(), out_views);
  kernels(2).synchronize();
  for (size_t i = 0; i < row.differentiated; ++i) {
    CHECK(out[i].guards_intact());
    const int64_t size = inputs[i].size(), stride = size <= most_moved ? 1 : size / most_moved;
    for (int64_t at = 0; at < size; at += stride) {
      const double before = inputs[i][at];
      inputs[i][at] = before + move;
      const std::vector<double> above = row.forward(inputs);
      inputs[i][at] = before - move;
      const std::vector<double> below = row.forward(inputs);
      inputs[i][at] = before;
      double want = 0;
      // Difference first, sum then: the sum alone would lose the difference.
      for (int64_t j = 0; j < dy.size(); ++j) {
        want += dy[j] * (above[static_cast<size_t>(j)] - below[static_cast<size_t>(j)]) / (2 * move);
      }
      const double got = out[i].get(at);
      if (close(got, want, tolerance::gradient)) continue;
      FAIL_CHECK("gradient by input ", i, ", element ", at, ": got ", got, ", want ", want);
      break;
    }
  }
}

std::string refusal(const std::function<void(Kernels&)>& call) {
  try {
    call(kernels(1));
    kernels(1).synchronize();
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
  return "";
}

}  // namespace retort
