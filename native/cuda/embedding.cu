// Rows of a table, looked up and added up.
// Forward: a thread moves 16 bytes where rows allow it, else 4. Bound by memory: 8 bytes an element and 4 an index.
// Backward: a warp owns rows_of_warp rows of dtable and a tile of their columns, goes through all indices and adds the
// rows of dy that are its own, in the order of i. So no two warps meet in a sum, nothing is sorted, and nothing is kept
// in memory. The indices are read once a warp, from the first cache mostly; what bounds it is that reading where
// indices are many for each row of the table, and else dy and dtable, 4 bytes an element each.
#include "require/embedding.h"

#include <algorithm>

#include "cuda_kernels.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t threads = 256;
constexpr int64_t most_blocks = int64_t{1} << 20;
constexpr int32_t warps = threads / warp_size;
constexpr int32_t rows_of_warp = 8;
constexpr int32_t columns_of_lane = 2, columns = columns_of_lane * warp_size;
// Loads of indices, and of rows of dy, that are under way together.
constexpr int32_t index_loads = 4, row_loads = 8;

__device__ __forceinline__ float4 all_of(float value, const float4*) { return make_float4(value, value, value, value); }
__device__ __forceinline__ float all_of(float value, const float*) { return value; }

// depth and count·depth are in units of Part.
template <typename Part>
__global__ void __launch_bounds__(threads)
    embedding_forward_kernel(const Part* table, const int32_t* indices, Part* y, int64_t rows, int64_t depth,
                             int64_t count, const char* op, ValueFault* fault) {
  for (int64_t i = int64_t{blockIdx.x} * threads + threadIdx.x; i < count * depth; i += int64_t{gridDim.x} * threads) {
    const int64_t place = i / depth, column = i - place * depth;
    const int32_t row = indices[place];
    if (row >= 0 && row < rows) {
      y[i] = table[row * depth + column];
    } else {
      if (column == 0) note_fault(fault, op, Refused::index, row, place, rows);
      y[i] = all_of(NAN, y);
    }
  }
}

__global__ void __launch_bounds__(threads)
    embedding_backward_kernel(const float* dy, const int32_t* indices, float* dtable, int64_t rows, int64_t depth,
                              int64_t count, const char* op, ValueFault* fault) {
  __shared__ float totals[warps][rows_of_warp][columns];
  const int32_t warp = threadIdx.x / warp_size, lane = threadIdx.x % warp_size;
  float(&total)[rows_of_warp][columns] = totals[warp];
  const int64_t first = (int64_t{blockIdx.x} * warps + warp) * rows_of_warp;
  const int64_t first_column = int64_t{blockIdx.y} * columns;
  for (int32_t r = 0; r < rows_of_warp; ++r) {
    for (int32_t c = 0; c < columns_of_lane; ++c) total[r][c * warp_size + lane] = 0;
  }
  // A warp whose rows all lie beyond the table has nothing to find; the first one of all looks for refused indices.
  if (first >= rows) return;
  const bool judges = blockIdx.x == 0 && blockIdx.y == 0 && warp == 0;
  for (int64_t base = 0; base < count; base += index_loads * warp_size) {
    int32_t index[index_loads];
#pragma unroll
    for (int32_t u = 0; u < index_loads; ++u) {
      const int64_t i = base + u * warp_size + lane;
      index[u] = i < count ? indices[i] : -1;
      if (judges && i < count && (index[u] < 0 || index[u] >= rows)) {
        note_fault(fault, op, Refused::index, index[u], i, rows);
      }
    }
#pragma unroll
    for (int32_t u = 0; u < index_loads; ++u) {
      const bool mine = index[u] >= first && index[u] < first + rows_of_warp && index[u] < rows;
      const uint32_t found = __ballot_sync(whole_warp, mine);
      if (found == 0) continue;
      const float* row = dy + (base + u * warp_size) * depth;
      for (int32_t begin = 0; begin < warp_size; begin += row_loads) {
        if ((found >> begin & ((1u << row_loads) - 1)) == 0) continue;
        float term[row_loads][columns_of_lane];
#pragma unroll
        for (int32_t l = 0; l < row_loads; ++l) {
#pragma unroll
          for (int32_t c = 0; c < columns_of_lane; ++c) {
            const int64_t column = first_column + c * warp_size + lane;
            const bool there = (found >> (begin + l) & 1) != 0 && column < depth;
            term[l][c] = there ? row[(begin + l) * depth + column] : 0.0f;
          }
        }
#pragma unroll
        for (int32_t l = 0; l < row_loads; ++l) {
          const int64_t to = __shfl_sync(whole_warp, index[u], begin + l) - first;
          if ((found >> (begin + l) & 1) == 0) continue;
#pragma unroll
          for (int32_t c = 0; c < columns_of_lane; ++c) total[to][c * warp_size + lane] += term[l][c];
        }
      }
    }
  }
  for (int32_t r = 0; r < rows_of_warp && first + r < rows; ++r) {
    for (int32_t c = 0; c < columns_of_lane; ++c) {
      const int64_t column = first_column + c * warp_size + lane;
      if (column < depth) dtable[(first + r) * depth + column] = total[r][c * warp_size + lane];
    }
  }
}

bool is_aligned(const void* memory) { return reinterpret_cast<uintptr_t>(memory) % sizeof(float4) == 0; }

}  // namespace

void CudaKernels::embedding_forward(const TensorView& table, const TensorView& indices, TensorView& y) {
  const char* op = "embedding_forward";
  Operands operands(op);
  operands.in("table", table).in("indices", indices).out("y", y).fault(fault_);
  require_embedding(op, "table", table, indices, "y", y);
  const int64_t count = indices.size(), rows = table.dims[0], depth = table.dims[1];
  const int32_t* index = static_cast<const int32_t*>(indices.data);
  const bool in_fours = depth % 4 == 0 && is_aligned(table.data) && is_aligned(y.data);
  const int64_t parts = in_fours ? depth / 4 : depth;
  const auto blocks = static_cast<uint32_t>(std::min((count * parts + threads - 1) / threads, most_blocks));
  if (in_fours) {
    launch(embedding_forward_kernel<float4>, blocks, threads, 0, stream_, static_cast<const float4*>(table.data), index,
           static_cast<float4*>(y.data), rows, parts, count, op, fault_);
  } else {
    launch(embedding_forward_kernel<float>, blocks, threads, 0, stream_, floats(table), index, floats(y), rows, parts,
           count, op, fault_);
  }
}

void CudaKernels::embedding_backward(const TensorView& dy, const TensorView& indices, TensorView& dtable) {
  const char* op = "embedding_backward";
  Operands operands(op);
  operands.in("dy", dy).in("indices", indices).out("dtable", dtable).fault(fault_);
  require_embedding(op, "dtable", dtable, indices, "dy", dy);
  const int64_t rows = dtable.dims[0], depth = dtable.dims[1];
  const int64_t stripe = warps * rows_of_warp;
  const dim3 grid(static_cast<uint32_t>((rows + stripe - 1) / stripe),
                  static_cast<uint32_t>((depth + columns - 1) / columns));
  launch(embedding_backward_kernel, grid, threads, 0, stream_, floats(dy), static_cast<const int32_t*>(indices.data),
         floats(dtable), rows, depth, indices.size(), op, fault_);
}

}  // namespace RETORT_ISA
}  // namespace retort
