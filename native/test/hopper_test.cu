// What sm_90 adds, as simt carries it out: right when it is used rightly, and every misuse told.
// Longer than a kernel file may be: what is right and what is wrong of one instruction stand together.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "check.h"
#include "device/wgmma.cuh"
#include "memory.h"
#include "retort/bfloat16.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t rows = 64, columns = 128, depth = 64;
constexpr int32_t a_bytes = rows * line_bytes, b_bytes = columns * line_bytes;
constexpr int32_t threads = 256, group_threads = 128;

// What a kernel below leaves out or does wrong.
enum class Fault {
  none,
  no_barrier,
  no_visible_barrier,
  no_wait,
  too_few_bytes,
  too_few_expected,
  never_arrives,
  no_fence_of_registers,
  reads_sums_early,
  no_wgmma_wait,
  overwrites_factors,
  copies_over_readers,
  no_fence_of_writes,
  wrong_box_place,
  leaves_copies,
};

struct Call {
  Fault fault;
  bool a_along_k, b_along_k, tf32;
};

// Of this block.
__device__ void store_sums(float* y, const float (&d)[columns / 2]) {
  const int32_t t = static_cast<int32_t>(threadIdx.x) % group_threads;
  for (int32_t i = 0; i < columns / 2; ++i) {
    const int32_t row = t / 32 * 16 + t % 32 / 4 + i / 2 % 2 * 8, column = i / 4 * 8 + t % 4 * 2 + i % 2;
    y[(static_cast<int32_t>(blockIdx.x) * rows + row) * columns + column] = d[i];
  }
}

__device__ void multiply(float (&d)[columns / 2], const unsigned char* a, const unsigned char* b, const Call& call) {
  for (int32_t i = 0; i < 4; ++i) {
    const uint64_t a_at = advance(factor_at(a, 0, 1024), i * (call.a_along_k ? 32 : 2048));
    const uint64_t b_at = advance(factor_at(b, depth * line_bytes, 1024), i * (call.b_along_k ? 32 : 2048));
    if (call.tf32) {
      wgmma_tf32(d, a_at, b_at, i > 0);
    } else if (call.a_along_k) {
      call.b_along_k ? wgmma_bfloat16<true, true>(d, a_at, b_at, i > 0)
                     : wgmma_bfloat16<true, false>(d, a_at, b_at, i > 0);
    } else {
      call.b_along_k ? wgmma_bfloat16<false, true>(d, a_at, b_at, i > 0)
                     : wgmma_bfloat16<false, false>(d, a_at, b_at, i > 0);
    }
  }
}

// Thread 0 copies both factors; the second group multiplies them, twice: the copies of the second round wait for it.
__global__ void product_kernel(const __grid_constant__ TensorMap a, const __grid_constant__ TensorMap b, float* y,
                               Call call) {
  RETORT_SHARED(unsigned char, shared);
  const Fault fault = call.fault;
  unsigned char* const b_shared = shared + a_bytes;
  uint64_t* const full = reinterpret_cast<uint64_t*>(b_shared + b_bytes);
  uint64_t* const empty = full + 1;
  if (threadIdx.x == 0) {
    start_barrier(full, 1);
    if (fault != Fault::no_barrier) start_barrier(empty, fault == Fault::too_few_expected ? 1 : 4);
    if (fault != Fault::no_visible_barrier) show_barriers();
  }
  __syncthreads();
  for (uint32_t round = 0; round < 2; ++round) {
    if (threadIdx.x == 0) {
      if (fault != Fault::overwrites_factors) wait(empty, round % 2 ^ 1);
      arrive_expecting(full, a_bytes + b_bytes + (fault == Fault::too_few_bytes ? 16 : 0));
      copy_box(shared + (fault == Fault::wrong_box_place ? 128 : 0), a, 0, 0, full);
      if (call.b_along_k) {
        copy_box(b_shared, b, 0, 0, full);
      } else {
        copy_box(b_shared, b, 0, 0, full);
        copy_box(b_shared + b_bytes / 2, b, 64, 0, full);
      }
    } else if (threadIdx.x >= group_threads && fault != Fault::leaves_copies) {
      if (fault != Fault::no_wait) wait(full, round % 2);
      float d[columns / 2];
      if (fault != Fault::no_fence_of_registers) wgmma_fence();
      multiply(d, shared, b_shared, call);
      wgmma_commit();
      if (fault == Fault::reads_sums_early) store_sums(y, d);
      const bool signals = threadIdx.x % 32 == 0 && fault != Fault::never_arrives;
      if (fault == Fault::copies_over_readers && signals) arrive(empty);
      if (fault == Fault::no_wgmma_wait && round == 1) return;
      float sums[columns / 2];
      wgmma_take(d, sums);
      if (fault != Fault::copies_over_readers && signals) arrive(empty);
      if (fault != Fault::reads_sums_early) store_sums(y, sums);
    }
  }
}

// Factors that the threads write themselves: the second half of the block writes, the first multiplies.
__global__ void written_kernel(float* y, bool fence) {
  RETORT_SHARED(unsigned char, shared);
  uint16_t* const elements = reinterpret_cast<uint16_t*>(shared);
  for (int32_t i = static_cast<int32_t>(threadIdx.x); i < (a_bytes + b_bytes) / 2; i += threads) {
    elements[i] = to_bfloat16(0.5f).bits;
  }
  if (fence) fence_asynchronous();
  __syncthreads();
  if (threadIdx.x >= group_threads) return;
  float d[columns / 2], sums[columns / 2];
  wgmma_fence();
  multiply(d, shared, shared + a_bytes, {Fault::none, true, true, false});
  wgmma_commit();
  wgmma_take(d, sums);
  store_sums(y, sums);
}

// Values whose products and sums are exact, in a matrix with an edge: `height` rows of `width` are there.
struct Matrix {
  DType dtype;
  int64_t width, height, row;
  std::vector<float> floats;
  std::vector<uint16_t> words;

  Matrix(DType dtype, int64_t width, int64_t height, int32_t step)
      : dtype(dtype),
        width(width),
        height(height),
        row((width + 7) / 8 * 8),
        floats(row * height),
        words(row * height) {
    for (size_t i = 0; i < floats.size(); ++i) {
      floats[i] = static_cast<float>(static_cast<int32_t>(i * static_cast<size_t>(step) % 17) - 8) / 8;
      words[i] = to_bfloat16(floats[i]).bits;
    }
  }
  const void* data() const { return dtype == DType::float32 ? static_cast<const void*>(floats.data()) : words.data(); }
  size_t bytes() const { return floats.size() * static_cast<size_t>(width_of(dtype)); }
  float at(int64_t line, int64_t k, bool along_k) const {
    const int64_t x = along_k ? k : line, y = along_k ? line : k;
    return x < width && y < height ? floats[static_cast<size_t>(y * row + x)] : 0;
  }
  TensorMap map(int32_t box_rows) const {
    return map_of(data(), dtype, dtype == DType::float32, width, height, row, box_rows);
  }
};

struct Result {
  std::string fault;
  std::vector<float> y;
};

Result product(const Call& call, const Matrix& a, const Matrix& b) {
  Result result{"", std::vector<float>(2 * rows * columns)};
  simt::begin_call("product");
  simt::declare("a", a.data(), a.bytes(), 2, simt::Use::in);
  simt::declare("b", b.data(), b.bytes(), 2, simt::Use::in);
  simt::declare("y", result.y.data(), result.y.size() * 4, 4, simt::Use::out);
  try {
    launch(product_kernel, 2, threads, a_bytes + b_bytes + 16, nullptr, a.map(call.a_along_k ? rows : depth),
           b.map(call.b_along_k ? columns : depth), result.y.data(), call);
    simt::end_call(true);
  } catch (const simt::Fault& fault) {
    result.fault = fault.what();
    simt::end_call(false);
  }
  return result;
}

std::string told(Fault fault) {
  const Call call{fault, true, true, false};
  return product(call, Matrix(DType::bfloat16, depth, rows, 5), Matrix(DType::bfloat16, depth, columns, 7)).fault;
}

void check_product(const Call& call, int64_t a_lines, int64_t b_lines, int64_t k) {
  const DType dtype = call.tf32 ? DType::float32 : DType::bfloat16;
  const Matrix a(dtype, call.a_along_k ? k : a_lines, call.a_along_k ? a_lines : k, 5);
  const Matrix b(dtype, call.b_along_k ? k : b_lines, call.b_along_k ? b_lines : k, 7);
  const Result got = product(call, a, b);
  CHECK(got.fault == "");
  for (int64_t i = 0; i < rows * columns; ++i) {
    float want = 0;
    for (int64_t p = 0; p < (call.tf32 ? 32 : depth); ++p) {
      want += a.at(i / columns, p, call.a_along_k) * b.at(i % columns, p, call.b_along_k);
    }
    if (got.y[static_cast<size_t>(i)] == want) continue;
    FAIL_CHECK("element ", i, ": got ", got.y[static_cast<size_t>(i)], ", want ", want);
    return;
  }
}

// Whether simt tells the fault in one of these words: which of them depends on the order of the threads.
void check_told(Fault fault, const std::vector<std::string>& words) {
  const std::string text = told(fault);
  const bool found = std::any_of(words.begin(), words.end(),
                                 [&](const std::string& word) { return text.find(word) != std::string::npos; });
  CHECK_MESSAGE(found, words[0], ": ", text);
}

}  // namespace

TEST_CASE("hopper_copiesAndProducts_equalReference") {
  for (bool a_along_k : {true, false}) {
    for (bool b_along_k : {true, false}) {
      check_product({Fault::none, a_along_k, b_along_k, false}, rows, columns, depth);
      check_product({Fault::none, a_along_k, b_along_k, false}, 61, 99, 40);
    }
  }
  check_product({Fault::none, true, true, true}, rows, columns, 32);
  check_product({Fault::none, true, true, true}, 50, 128, 19);
}

TEST_CASE("hopper_boxAtAnEdge_isZeroOutsideAndReadsNothingThere") {
  check_product({Fault::none, true, true, false}, 1, 1, 1);
  check_product({Fault::none, false, false, false}, 7, 65, 3);
}

TEST_CASE("hopper_floats_areRoundedToTf32") {
  Matrix a(DType::float32, 32, rows, 5), b(DType::float32, 32, columns, 7);
  for (float& x : a.floats) x = 1 + 0x1p-11f + 0x1p-20f;
  for (float& x : b.floats) x = 1;
  const Result got = product({Fault::none, true, true, true}, a, b);
  CHECK(got.fault == "");
  CHECK(got.y[0] == 32 * (1 + 0x1p-10f));
}

TEST_CASE("hopper_barriersMisused_areTold") {
  check_told(Fault::no_barrier, {"mbarrier that nobody has initialised", "which nobody has written"});
  check_told(Fault::no_visible_barrier, {"initialised without a fence"});
  check_told(Fault::too_few_bytes, {"waits for ever at an mbarrier"});
  check_told(Fault::never_arrives, {"waits for ever at an mbarrier"});
  check_told(Fault::too_few_expected, {"without having waited for a word", "wgmma under way reads", "waits for ever"});
}

TEST_CASE("hopper_copiesMisused_areTold") {
  check_told(Fault::no_wait, {"which nobody has written"});
  check_told(Fault::wrong_box_place, {"not aligned to 1024 bytes"});
  check_told(Fault::leaves_copies, {"waits for ever at an mbarrier"});
  check_told(Fault::overwrites_factors, {"wgmma under way reads", "without having waited for a word", "once too often",
                                         "waits for ever", "which nobody has written"});
  check_told(Fault::copies_over_readers, {"wgmma under way reads", "without having waited for a word"});
}

TEST_CASE("hopper_productsMisused_areTold") {
  check_told(Fault::no_fence_of_registers, {"without a fence of its registers"});
  check_told(Fault::no_wgmma_wait, {"before it has waited for its wgmma"});
  const Result early = product({Fault::reads_sums_early, true, true, false}, Matrix(DType::bfloat16, depth, rows, 5),
                               Matrix(DType::bfloat16, depth, columns, 7));
  CHECK(early.fault == "");
  CHECK(std::isnan(early.y[0]));
}

TEST_CASE("hopper_writtenFactors_needAFence") {
  for (bool fence : {true, false}) {
    std::vector<float> y(rows * columns);
    std::string fault;
    simt::begin_call("written");
    simt::declare("y", y.data(), y.size() * 4, 4, simt::Use::out);
    try {
      launch(written_kernel, 1, threads, a_bytes + b_bytes, nullptr, y.data(), fence);
      simt::end_call(true);
    } catch (const simt::Fault& told) {
      fault = told.what();
      simt::end_call(false);
    }
    if (fence) {
      CHECK(fault == "");
      CHECK(y[0] == 16.0f);
    } else {
      CHECK_MESSAGE(fault.find("without a fence for the asynchronous proxy") != std::string::npos, fault);
    }
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
