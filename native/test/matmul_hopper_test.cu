// Hopper's kernel for products, called by itself: which shapes it takes, and what comes out. Small in work for simt: a
// tile or a few, tails in every direction.
#include <cmath>
#include <string>
#include <vector>

#include "cuda/matmul.h"
#include "device/platform.cuh"
#include "memory.h"
#include "retort/bfloat16.h"
#include "table.h"

namespace retort {
namespace RETORT_ISA {
namespace {

struct Case {
  int64_t m, n, k;
  bool a_along_k = true, b_along_k = true, biased = false;
  Activation activation = Activation::none;
  DType dtype = DType::bfloat16, y_dtype = DType::float32;
  int32_t processors = 3;
  int64_t scratch_bytes = 0;
};

std::string name_of(const Case& c) {
  return "M " + std::to_string(c.m) + " N " + std::to_string(c.n) + " K " + std::to_string(c.k) +
         (c.a_along_k ? "" : " Aᵀ") + (c.b_along_k ? " Bᵀ" : "") + (c.biased ? " bias" : "") + " processors " +
         std::to_string(c.processors);
}

// Rows begin on 16 bytes.
int64_t padded(int64_t columns) { return (columns + 7) / 8 * 8; }

struct Stored {
  Factor factor;
  Buffer buffer;
  int64_t bytes;
  Array values;

  Stored(Random& random, int64_t lines, int64_t k, bool along_k, DType dtype)
      : buffer(zeros({1})), values(random.array({along_k ? lines : k, padded(along_k ? k : lines)})) {
    values.dtype = dtype;
    for (double& x : values.values) {
      const float value = static_cast<float>(x);
      // What both bfloat16 and tf32 hold.
      x = to_float(to_bfloat16(value));
    }
    buffer = Buffer(values);
    factor = {buffer.view().data, values.shape[1], along_k};
    bytes = values.size() * width_of(dtype);
  }
  double at(int64_t line, int64_t k) const {
    return values[factor.along_k ? line * factor.row + k : k * factor.row + line];
  }
};

double activate_exactly(double x, Activation activation) {
  if (activation == Activation::relu) return x < 0 ? 0 : x;
  if (activation == Activation::gelu) return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
  return x;
}

void check_product(const Case& c) {
  INFO(name_of(c));
  Random random(name_of(c));
  const Stored a(random, c.m, c.k, c.a_along_k, c.dtype), b(random, c.n, c.k, c.b_along_k, c.dtype);
  const Array bias = random.array({c.n});
  Buffer bias_buffer(bias), y(zeros({c.m, c.n}, c.y_dtype));
  std::vector<float> scratch(static_cast<size_t>(c.scratch_bytes / 4) + 1);
  y.poison();
  Product p{};
  p.m = c.m, p.n = c.n, p.k = c.k;
  p.a = a.factor, p.b = b.factor;
  p.dtype = c.dtype, p.precision = Precision::tf32;
  p.bias = c.biased ? static_cast<const float*>(bias_buffer.view().data) : nullptr;
  p.activation = c.activation;
  p.y = y.view().data, p.y_dtype = c.y_dtype, p.y_row = c.n;
  p.scratch = scratch.data(), p.scratch_bytes = c.scratch_bytes;
  p.processors = c.processors;
  simt::begin_call("matmul");
  simt::declare("a", p.a.data, static_cast<size_t>(a.bytes), static_cast<size_t>(width_of(c.dtype)), simt::Use::in);
  simt::declare("b", p.b.data, static_cast<size_t>(b.bytes), static_cast<size_t>(width_of(c.dtype)), simt::Use::in);
  if (c.biased) simt::declare("bias", p.bias, static_cast<size_t>(4 * c.n), 4, simt::Use::in);
  const int64_t y_width = width_of(c.y_dtype);
  simt::declare("y", p.y, static_cast<size_t>(y_width * c.m * c.n), static_cast<size_t>(y_width), simt::Use::out);
  simt::declare("scratch", p.scratch, static_cast<size_t>(c.scratch_bytes), 4, simt::Use::scratch);
  bool taken = false;
  try {
    taken = multiply_on_hopper(p);
    simt::end_call(taken);
  } catch (const simt::Fault& fault) {
    simt::end_call(false);
    FAIL_CHECK(fault.what());
    return;
  }
  CHECK_MESSAGE(taken, "the product is taken");
  CHECK(y.guards_intact());
  Tolerance tolerance = tolerance::product(c.k);
  if (c.y_dtype == DType::bfloat16) tolerance.relative = 0x1p-8;
  for (int64_t i = 0; taken && i < c.m; ++i) {
    for (int64_t j = 0; j < c.n; ++j) {
      double want = c.biased ? bias[j] : 0;
      for (int64_t k = 0; k < c.k; ++k) want += a.at(i, k) * b.at(j, k);
      want = activate_exactly(want, c.activation);
      const double got = y.get(i * c.n + j);
      if (std::fabs(got - want) <= tolerance.relative * std::fabs(want) + tolerance.absolute) continue;
      FAIL_CHECK("row ", i, ", column ", j, ": got ", got, ", want ", want);
      return;
    }
  }
}

bool takes(const Case& c, int64_t misaligned = 0) {
  Product p{};
  p.m = c.m, p.n = c.n, p.k = c.k;
  p.a = {reinterpret_cast<const void*>(uintptr_t{4096}), padded(c.a_along_k ? c.k : c.m) + misaligned, c.a_along_k};
  p.b = {reinterpret_cast<const void*>(uintptr_t{4096}), padded(c.b_along_k ? c.k : c.n), c.b_along_k};
  p.dtype = c.dtype, p.precision = Precision::tf32;
  p.processors = c.processors;
  return multiply_on_hopper(p);
}

}  // namespace

TEST_CASE("matmul_hopper_everyLayout_equalsReference") {
  Case c{128, 256, 192};
  for (bool a_along_k : {true, false}) {
    for (bool b_along_k : {true, false}) {
      c.a_along_k = a_along_k, c.b_along_k = b_along_k, c.biased = a_along_k != b_along_k;
      c.processors = 1;
      check_product(c);
      c.y_dtype = c.y_dtype == DType::float32 ? DType::bfloat16 : DType::float32;
    }
  }
}

TEST_CASE("matmul_hopper_tails_equalReference") {
  // 8 lines of a row too many, rows and columns that end within a warp, a vector, a tile; unaligned rows of y.
  const int64_t sizes[][3] = {{65, 64, 64}, {129, 72, 65}, {137, 135, 100}, {200, 261, 71}, {64, 130, 328}};
  int turn = 0;
  for (const auto& size : sizes) {
    for (int layout = 0; layout < 4; ++layout, ++turn) {
      if (turn % 3 == 2) continue;
      Case c{size[0], size[1], size[2], layout % 2 == 0, layout / 2 == 0, turn % 2 == 0};
      c.activation = static_cast<Activation>(turn % 3);
      c.y_dtype = turn % 4 < 2 ? DType::float32 : DType::bfloat16;
      check_product(c);
    }
  }
}

TEST_CASE("matmul_hopper_severalTilesABlock_equalReference") {
  // One processor: the ring goes on from tile to tile; more than sixteen rows of tiles: the order turns.
  check_product({300, 260, 448, true, true, true, Activation::relu, DType::bfloat16, DType::bfloat16, 1});
  check_product({2200, 130, 64, true, true, false, Activation::none, DType::bfloat16, DType::float32, 2});
}

TEST_CASE("matmul_hopper_depthInParts_equalsReference") {
  Case c{100, 72, 1600, true, false, true, Activation::gelu};
  c.scratch_bytes = 4 * c.m * c.n * 3;
  check_product(c);
  c.y_dtype = DType::bfloat16, c.processors = 2;
  check_product(c);
}

TEST_CASE("matmul_hopper_tf32_equalsReference") {
  for (int64_t n : {64, 256}) {
    Case c{128, n, 100};
    c.dtype = DType::float32;
    c.processors = 1;
    check_product(c);
  }
}

TEST_CASE("matmul_hopper_whatItCannotTake_isLeft") {
  CHECK(!takes({32, 256, 128}));
  CHECK(!takes({256, 32, 128}));
  CHECK(!takes({256, 256, 32}));
  CHECK(!takes({256, 256, 128}, 1));
  Case c{256, 256, 128, false, true};
  c.dtype = DType::float32;
  CHECK(!takes(c));
  c = {256, 256, 128};
  c.processors = 132;
  CHECK(!takes(c));
}

}  // namespace RETORT_ISA
}  // namespace retort
