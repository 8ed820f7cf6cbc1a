#include "require/embedding.h"

#include <cstring>

#include "cpu_kernels.h"
#include "split.h"

namespace retort {
namespace RETORT_ISA {
namespace {

// Columns that a thread takes at least: a cache line of floats.
constexpr int64_t column_grain = 16;

void require_indices(const char* op, const int32_t* index, int64_t count, int64_t rows) {
  for (int64_t i = 0; i < count; ++i) {
    if (index[i] < 0 || index[i] >= rows) {
      refuse(op, "indices must be in [0, " + std::to_string(rows) + ")", index[i], " at place ", i);
    }
  }
}

}  // namespace

void CpuKernels::embedding_forward(const TensorView& table, const TensorView& indices, TensorView& y) {
  const char* op = "embedding_forward";
  require_embedding(op, "table", table, indices, "y", y);
  const int64_t count = indices.size(), depth = table.dims[1];
  const int32_t* index = static_cast<const int32_t*>(indices.data);
  require_indices(op, index, count, table.dims[0]);
  const float* from = floats(table);
  float* to = floats(y);
  split(threads_, count, ceil_div(chunk_elements, depth), [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::memcpy(to + i * depth, from + index[i] * depth, static_cast<size_t>(depth) * sizeof(float));
    }
  });
}

// Threads share the columns: then each sum is in the order of i, and a frequent index is no one thread's burden.
void CpuKernels::embedding_backward(const TensorView& dy, const TensorView& indices, TensorView& dtable) {
  const char* op = "embedding_backward";
  require_embedding(op, "dtable", dtable, indices, "dy", dy);
  const int64_t count = indices.size(), rows = dtable.dims[0], depth = dtable.dims[1];
  const int32_t* index = static_cast<const int32_t*>(indices.data);
  require_indices(op, index, count, rows);
  const float* from = floats(dy);
  float* to = floats(dtable);
  split(threads_, rows, ceil_div(chunk_elements, depth), [=](int64_t begin, int64_t end) {
    std::memset(to + begin * depth, 0, static_cast<size_t>((end - begin) * depth) * sizeof(float));
  });
  const int64_t grain = ceil_div(ceil_div(depth, threads_), column_grain) * column_grain;
  const int64_t chunks = count * depth < chunk_elements ? 1 : ceil_div(depth, grain);
  const int64_t width = chunks == 1 ? depth : grain;
  parallel(threads_, chunks, [&](int64_t chunk) {
    const int64_t begin = chunk * width, end = depth - begin < width ? depth : begin + width;
    for (int64_t i = 0; i < count; ++i) {
      float* total = to + index[i] * depth;
      const float* term = from + i * depth;
#pragma omp simd
      for (int64_t j = begin; j < end; ++j) total[j] += term[j];
    }
  });
}

}  // namespace RETORT_ISA
}  // namespace retort
