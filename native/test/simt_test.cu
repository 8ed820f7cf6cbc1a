// simt itself: kernels with one fault each, which it must find and name, and kernels without one, which it must let be.
// Longer than a kernel file may be: the faults are read side by side.
#include "simt.h"

#include <functional>
#include <string>
#include <vector>

#include "device/copy.cuh"
#include "operands.h"
#include "table.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t threads = 64;
// Orders of threads that each fault is looked for in.
constexpr uint64_t seeds = 6;

// The text of the fault that the kernel makes on x [size] and y [size], where they are two.
template <typename Kernel>
std::string fault_of(Kernel kernel, dim3 grid = 1, dim3 block = threads, size_t shared = 0, int64_t size = threads) {
  Buffer x(Random("x").array({size})), y(zeros({size}));
  try {
    Operands operands("test");
    operands.in("x", x.view()).out("y", y.view());
    launch(kernel, grid, block, shared, nullptr, static_cast<const float*>(x.view().data),
           static_cast<float*>(y.view().data));
  } catch (const simt::Fault& fault) {
    return fault.what();
  }
  return "";
}

// Every order's fault must say one of the two.
template <typename Kernel>
void check_fault(const char* name, const std::string& must, const std::string& or_must, Kernel kernel, dim3 grid = 1,
                 dim3 block = threads, size_t shared = 0, int64_t size = threads) {
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    simt::start_from(seed);
    const std::string text = fault_of(kernel, grid, block, shared, size);
    const bool named = text.find(must) != std::string::npos || text.find(or_must) != std::string::npos;
    CHECK_MESSAGE(named, name, ", seed ", seed, ": \"", text, "\"");
    CHECK_MESSAGE(text.find("[test] simt: ") == 0, name, ": \"", text, "\"");
  }
}

template <typename Kernel>
void check_fault(const char* name, const std::string& must, Kernel kernel, dim3 grid = 1, dim3 block = threads,
                 size_t shared = 0, int64_t size = threads) {
  check_fault(name, must, must, kernel, grid, block, shared, size);
}

template <typename Kernel>
void check_right(const char* name, Kernel kernel, dim3 grid = 1, dim3 block = threads, size_t shared = 0,
                 int64_t size = threads) {
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    simt::start_from(seed);
    const std::string text = fault_of(kernel, grid, block, shared, size);
    CHECK_MESSAGE(text.empty(), name, ", seed ", seed, ": \"", text, "\"");
  }
}

const std::string race = "no barrier lies between", unwritten = "which nobody has written";

// ---- barriers ----

template <bool with_barrier>
__global__ void neighbour_kernel(const float* x, float* y) {
  __shared__ float tile[threads];
  tile[threadIdx.x] = x[threadIdx.x];
  if (with_barrier) __syncthreads();
  y[threadIdx.x] = tile[(threadIdx.x + 1) % threads];
}

template <bool with_barrier>
__global__ void overwrite_kernel(const float* x, float* y) {
  __shared__ float tile[threads];
  tile[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  const float value = tile[(threadIdx.x + 1) % threads];
  if (with_barrier) __syncthreads();
  tile[threadIdx.x] = value;
  y[threadIdx.x] = tile[threadIdx.x];
}

// What a warp's lanes hand each other needs __syncwarp; a shuffle between is none.
template <bool with_barrier>
__global__ void lanes_kernel(const float* x, float* y) {
  __shared__ float tile[threads];
  tile[threadIdx.x] = x[threadIdx.x];
  if (with_barrier) __syncwarp();
  const float other = __shfl_xor_sync(whole_warp, x[threadIdx.x], 1);
  y[threadIdx.x] = tile[threadIdx.x ^ 1] - other;
}

// Other warps are not ordered by __syncwarp.
__global__ void other_warp_kernel(const float* x, float* y) {
  __shared__ float tile[threads];
  tile[threadIdx.x] = x[threadIdx.x];
  __syncwarp();
  y[threadIdx.x] = tile[(threadIdx.x + warp_size) % threads];
}

__global__ void half_block_kernel(const float* x, float* y) {
  if (threadIdx.x < warp_size) __syncthreads();
  y[threadIdx.x] = x[threadIdx.x];
}

// ---- bounds ----

__global__ void read_beyond_kernel(const float* x, float* y) { y[threadIdx.x] = x[threadIdx.x + 1]; }
__global__ void read_before_kernel(const float* x, float* y) {
  y[threadIdx.x] = x[static_cast<int32_t>(threadIdx.x) - 1];
}
__global__ void write_beyond_kernel(const float* x, float* y) { y[threadIdx.x + 1] = x[threadIdx.x]; }

template <int32_t beyond>
__global__ void shared_kernel(const float* x, float* y) {
  RETORT_SHARED(float, tile);
  tile[threadIdx.x + beyond] = x[threadIdx.x];
  y[threadIdx.x] = tile[threadIdx.x + beyond];
}

__global__ void array_kernel(const float* x, float* y) {
  __shared__ float tile[threads];
  tile[threadIdx.x + 1] = x[threadIdx.x];
  y[threadIdx.x] = tile[threadIdx.x + 1];
}

template <bool of_own>
__global__ void stack_kernel(const float* x, float* y) {
  __shared__ const float* first;
  const float mine[2] = {x[threadIdx.x], 1};
  if (threadIdx.x == 0) first = mine;
  __syncthreads();
  const float* const from = of_own ? mine : first;
  y[threadIdx.x] = from[threadIdx.x % 2];
}

template <int32_t shift>
__global__ void vector_kernel(const float* x, float* y) {
  if (threadIdx.x >= threads / 4 - 1) {
    if (threadIdx.x == threads / 4 - 1) *reinterpret_cast<float4*>(y + threads - 4) = make_float4(0, 0, 0, 0);
    return;
  }
  reinterpret_cast<float4*>(y)[threadIdx.x] = reinterpret_cast<const float4*>(x + shift)[threadIdx.x];
}

// ---- who writes what ----

__global__ void all_but_one_kernel(const float* x, float* y) {
  if (threadIdx.x != 7) y[threadIdx.x] = x[threadIdx.x];
}
__global__ void pairs_kernel(const float* x, float* y) { y[threadIdx.x / 2] = x[threadIdx.x]; }
__global__ void plain_kernel(const float* x, float* y) { y[threadIdx.x] = x[threadIdx.x]; }
__global__ void blocks_kernel(const float* x, float* y) {
  const uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
  y[i] = x[i];
}
__global__ void input_kernel(const float* x, float* y) {
  y[threadIdx.x] = x[threadIdx.x];
  const_cast<float*>(x)[threadIdx.x] = 0;
}
__global__ void own_output_kernel(const float* x, float* y) {
  y[threadIdx.x] = x[threadIdx.x];
  y[threadIdx.x] += 1;
}
__global__ void unwritten_output_kernel(const float* x, float* y) { y[threadIdx.x] += x[threadIdx.x]; }
__global__ void unwritten_shared_kernel(const float* x, float* y) {
  __shared__ float tile[threads];
  if (threadIdx.x != 3) tile[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  y[threadIdx.x] = tile[threadIdx.x];
}
__global__ void dynamic_kernel(const float* x, float* y) {
  RETORT_SHARED(float, tile);
  y[threadIdx.x] = x[threadIdx.x] + tile[threadIdx.x];
}
// Shared memory is empty again in each block.
__global__ void left_over_kernel(const float* x, float* y) {
  __shared__ float tile[threads];
  if (blockIdx.x == 0) tile[threadIdx.x] = x[threadIdx.x];
  y[blockIdx.x * threads + threadIdx.x] = tile[threadIdx.x];
}

// Neighbouring bytes are two threads' each its own.
__global__ void bytes_kernel(const float* x, float* y) {
  __shared__ int8_t tile[threads];
  __shared__ uint16_t halves[threads];
  tile[threadIdx.x] = static_cast<int8_t>(threadIdx.x);
  halves[threadIdx.x] = static_cast<uint16_t>(threadIdx.x);
  __syncthreads();
  y[threadIdx.x] = x[threadIdx.x] + tile[threads - 1 - threadIdx.x] + halves[threads - 1 - threadIdx.x];
}
__global__ void one_byte_kernel(const float* x, float* y) {
  __shared__ int8_t tile[threads];
  tile[threadIdx.x / 2] = static_cast<int8_t>(threadIdx.x);
  __syncthreads();
  y[threadIdx.x] = x[threadIdx.x] + tile[threadIdx.x / 2];
}

// ---- atomics ----

enum class Count { right, plain_write, plain_read, read_by_block };

template <Count how>
__global__ void count_kernel(const float* x, float* y) {
  __shared__ int32_t count;
  if (threadIdx.x == 0) count = 0;
  __syncthreads();
  if (how == Count::plain_write && threadIdx.x == 5) {
    count = 7;
  } else {
    atomicAdd(&count, 1);
  }
  if (how != Count::plain_read) __syncthreads();
  y[threadIdx.x] = x[threadIdx.x] + static_cast<float>(count);
}

// One count of all blocks, in y[0]; the last element of a block's share tells what a block reads of it.
template <bool reads>
__global__ void count_blocks_kernel(const float* x, float* y) {
  if (blockIdx.x == 0 && threadIdx.x > 0) y[threadIdx.x] = x[threadIdx.x];
  const float before = atomicAdd(y, 1.0f);
  if (reads && before > 0) y[threads] = y[0];
}

// ---- collectives ----

__global__ void half_warp_kernel(const float* x, float* y) {
  float value = x[threadIdx.x];
  if (threadIdx.x % warp_size < 16) value += __shfl_xor_sync(whole_warp, value, 1);
  y[threadIdx.x] = value;
}
__global__ void two_collectives_kernel(const float* x, float* y) {
  float value = x[threadIdx.x];
  if (threadIdx.x % 2 == 0) {
    value += __shfl_xor_sync(whole_warp, value, 1);
  } else {
    value += __shfl_down_sync(whole_warp, value, 1);
  }
  y[threadIdx.x] = value;
}
__global__ void part_of_mask_kernel(const float* x, float* y) {
  y[threadIdx.x] = __shfl_xor_sync(0xffffu, x[threadIdx.x], 1);
}
__global__ void ended_lanes_kernel(const float* x, float* y) {
  y[threadIdx.x] = x[threadIdx.x];
  if (threadIdx.x % 2 == 0) return;
  __syncwarp();
}
__global__ void collectives_kernel(const float* x, float* y) {
  const float value = x[threadIdx.x];
  const uint32_t lane = threadIdx.x % warp_size;
  const float up = __shfl_up_sync(whole_warp, value, 1), down = __shfl_down_sync(whole_warp, value, 1);
  const float first = __shfl_sync(whole_warp, value, 0), pair = __shfl_xor_sync(whole_warp, value, 1);
  const uint32_t odd = __ballot_sync(whole_warp, lane % 2 == 1);
  const bool right = up == (lane > 0 ? x[threadIdx.x - 1] : value) &&
                     down == (lane < 31 ? x[threadIdx.x + 1] : value) && first == x[threadIdx.x - lane] &&
                     pair == x[threadIdx.x ^ 1] && odd == 0xaaaaaaaau;
  // A wrong one leaves the output unwritten.
  if (right) y[threadIdx.x] = value;
}

// ---- asynchronous copies ----

enum class Wait { right, missing, no_barrier, too_few, at_end, misaligned, early, empty_group };

template <Wait how>
__global__ void copy_kernel(const float* x, float* y) {
  __shared__ float4 tiles[2][threads / 4];
  constexpr int32_t groups = threads / 4;
  const int32_t t = static_cast<int32_t>(threadIdx.x);
  if (how == Wait::early) {
    // The first tile is read by all, and overwritten before they are done.
    if (t < groups) tiles[0][t] = make_float4(1, 2, 3, 4);
    __syncthreads();
    y[t] = tiles[0][t / 4].x;
  }
  if (t < groups) {
    copy_async_16(&tiles[0][t], x + 4 * t + (how == Wait::misaligned ? 1 : 0));
    commit_copies();
    copy_async_16(&tiles[1][t], x + 4 * t, 8);
    commit_copies();
  }
  if (how == Wait::at_end) {
    y[t] = x[t];
    return;
  }
  if (how == Wait::too_few) wait_for_copies<1>();
  if (how != Wait::missing && how != Wait::too_few) wait_for_copies<0>();
  if (how != Wait::no_barrier) __syncthreads();
  const float4 whole = tiles[0][t / 4], half = tiles[1][t / 4];
  const bool right = whole.x == x[t / 4 * 4] && whole.w == x[t / 4 * 4 + 3] && half.x == whole.x && half.z == 0;
  if (right) y[t] = whole.x;
  if (how == Wait::empty_group) commit_copies();
  if (how == Wait::missing || how == Wait::too_few) wait_for_copies<0>();
}

// Threads and blocks write where they stand in the order.
__global__ void order_kernel(int32_t* count, int32_t* order) {
  const int32_t place = atomicAdd(count, 1);
  order[place] = static_cast<int32_t>(blockIdx.x * blockDim.x + threadIdx.x);
}

std::vector<uint8_t> order_of(uint64_t seed) {
  constexpr int64_t all = 8 * threads;
  Buffer count(zeros({1}, DType::int32)), order(zeros({all}, DType::int32));
  simt::start_from(seed);
  Operands operands("order");
  operands.in_out("count", count.view()).out("order", order.view());
  launch(order_kernel, 8, threads, 0, nullptr, static_cast<int32_t*>(count.view().data),
         static_cast<int32_t*>(order.view().data));
  return order.bytes();
}

}  // namespace

TEST_CASE("simt_missingBarrier_isFound") {
  check_fault("write, then read", race, unwritten, neighbour_kernel<false>);
  check_fault("read, then overwrite", race, overwrite_kernel<false>);
  check_fault("lanes", race, unwritten, lanes_kernel<false>);
  check_fault("another warp", race, unwritten, other_warp_kernel);
  check_fault("half a block", "a barrier is reached by a part of block 0: 32 of 64 threads wait, 32 have ended",
              half_block_kernel);
}

TEST_CASE("simt_accessOutOfBounds_isFound") {
  check_fault("read", "thread 63 of block 0 reads 4 bytes at x + 256 of 256 bytes, out of bounds", read_beyond_kernel);
  check_fault("read before", "thread 0 of block 0 reads 4 bytes at x - 4, out of bounds", read_before_kernel);
  check_fault("write", "thread 63 of block 0 writes 4 bytes at y + 256 of 256 bytes, out of bounds",
              write_beyond_kernel);
  check_fault("shared memory", "writes 4 bytes at shared memory + 256 of 256 bytes, out of bounds", shared_kernel<1>, 1,
              threads, threads * 4);
  check_fault("array", "thread 63 of block 0 indexes an array beyond its end (simt_test.cu:", array_kernel);
  check_fault("stack", "bytes at another thread's local memory, out of bounds", stack_kernel<false>);
  check_fault("grid of two dimensions", "of block (0, ", "of block (1, ", read_beyond_kernel, dim3(2, 3), dim3(8, 8));
}

TEST_CASE("simt_misalignedVector_isFound") {
  check_fault("vector",
              "loads or stores a vector at an address that is not aligned for it (simt_test.cu:", vector_kernel<1>);
}

TEST_CASE("simt_wrongWrites_areFound") {
  check_fault("left out", "nobody wrote the output y + 28", all_but_one_kernel);
  check_fault("two threads", "no barrier lies between, and not both are atomic", pairs_kernel);
  check_fault("two blocks", "no barrier lies between, and not both are atomic", plain_kernel, 2);
  check_fault("input", "bytes at x + ", input_kernel);
  check_fault("input", "an input", input_kernel);
  check_fault("two threads, a byte", race, one_byte_kernel);
}

TEST_CASE("simt_unwrittenMemory_isFoundWhenRead") {
  check_fault("output", unwritten, unwritten_output_kernel);
  check_fault("shared memory", "thread 3 of block 0 reads 4 bytes at shared memory", unwritten_shared_kernel);
  check_fault("of the block before", unwritten, left_over_kernel, 2, threads, 0, 2 * threads);
  check_fault("dynamic", unwritten, dynamic_kernel, 1, threads, threads * 4);
}

TEST_CASE("simt_mixedAtomics_areFound") {
  check_fault("written plainly", race, count_kernel<Count::plain_write>);
  check_fault("read plainly", race, count_kernel<Count::plain_read>);
  check_fault("read by a block", race, unwritten, count_blocks_kernel<true>, 2, threads, 0, threads + 1);
}

TEST_CASE("simt_partOfWarpInCollective_isFound") {
  check_fault("half a warp", "a collective is reached by a part of a warp: 16 lanes of warp ", half_warp_kernel);
  check_fault("half a warp", "of block 0 wait in __shfl_xor_sync", half_warp_kernel);
  check_fault("two collectives", "comes to __shfl_xor_sync while other lanes of its warp wait in __shfl_down_sync",
              "comes to __shfl_down_sync while other lanes of its warp wait in __shfl_xor_sync",
              two_collectives_kernel);
  check_fault("mask", "names a part of its warp in a collective", part_of_mask_kernel);
  check_fault("ended lanes", "wait in __syncwarp", ended_lanes_kernel);
}

TEST_CASE("simt_asynchronousCopies_mustBeAwaited") {
  const std::string under_way = "to which an asynchronous copy is under way";
  check_fault("no wait", under_way, copy_kernel<Wait::missing>);
  check_fault("one group left", under_way, copy_kernel<Wait::too_few>);
  check_fault("no barrier", race, unwritten, copy_kernel<Wait::no_barrier>);
  check_fault("at the end", "ends before it has waited for its asynchronous copies", copy_kernel<Wait::at_end>);
  check_fault("misaligned", "copies 16 bytes between addresses that are not aligned to 16",
              copy_kernel<Wait::misaligned>);
  check_fault("into what is read", race, under_way, copy_kernel<Wait::early>);
}

TEST_CASE("simt_wrongLaunches_areRefused") {
  const std::string size = "a block must have 32 to 1024 threads, in whole warps: ";
  check_fault("part of a warp", size + "33", plain_kernel, 1, 33);
  check_fault("too many", size + "2048", plain_kernel, 1, dim3(32, 64));
  check_fault("none", size + "0", plain_kernel, 1, 0);
  check_fault("no blocks", "a grid must have 1 to ", plain_kernel, 0);
  check_fault("too high a grid", "a grid must have 1 to ", plain_kernel, dim3(1, 65536));
  check_fault("shared memory", "a block has at most 227 KiB of shared memory: 232449 bytes", plain_kernel, 1, threads,
              (227 << 10) + 1);
}

TEST_CASE("simt_rightKernels_areLetBe") {
  check_right("barrier", neighbour_kernel<true>);
  check_right("barrier before overwriting", overwrite_kernel<true>);
  check_right("lanes", lanes_kernel<true>);
  check_right("shared memory", shared_kernel<0>, 1, threads, threads * 4);
  check_right("own stack", stack_kernel<true>);
  check_right("vectors", vector_kernel<0>);
  check_right("blocks", blocks_kernel, 4, threads, 0, 4 * threads);
  check_right("own output", own_output_kernel);
  check_right("bytes", bytes_kernel);
  check_right("atomics", count_kernel<Count::right>);
  check_right("collectives", collectives_kernel);
  check_right("copies", copy_kernel<Wait::right>);
  check_right("empty group", copy_kernel<Wait::empty_group>);
}

TEST_CASE("simt_outputInPlace_isLetBe") {
  Buffer x(Random("x").array({threads}));
  for (int32_t shift : {0, 1}) {
    std::string text;
    try {
      Operands operands("test");
      operands.in("x", x.view()).out("y", x.view());
      launch(shift == 0 ? plain_kernel : read_before_kernel, 1, threads, 0, nullptr,
             static_cast<const float*>(x.view().data), static_cast<float*>(x.view().data));
    } catch (const simt::Fault& fault) {
      text = fault.what();
    }
    // A neighbour's place is another thread's.
    CHECK_MESSAGE(text.empty() == (shift == 0), text);
  }
}

TEST_CASE("simt_twoLaunches_areOrdered") {
  Buffer x(Random("x").array({threads})), y(zeros({threads})), z(zeros({threads}));
  const auto* const from = static_cast<const float*>(x.view().data);
  auto* const between = static_cast<float*>(y.view().data);
  Operands operands("test");
  operands.in("x", x.view()).out("y", y.view()).out("z", z.view());
  launch(plain_kernel, 1, threads, 0, nullptr, from, between);
  launch(neighbour_kernel<true>, 1, threads, 0, nullptr, between, static_cast<float*>(z.view().data));
  CHECK(z.get(0) == x.get(1));
}

TEST_CASE("simt_orderOfThreads_followsTheSeed") {
  const std::vector<uint8_t> five = order_of(5);
  CHECK(five == order_of(5));
  CHECK(!(five == order_of(6)));
}

}  // namespace RETORT_ISA
}  // namespace retort
