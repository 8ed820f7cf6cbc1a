// Sums and maxima over some dimensions. Bound by memory: 4 bytes an element of x.
//
// Where x's innermost dimension is reduced, 1 to 32 lanes or a whole block take a result and step through its terms
// side by side; where it is kept, a block takes neighbouring results, lane by lane, and its rows of lanes share the
// terms: either way a warp reads neighbours. Where results are too few to fill the GPU, their terms are split among
// blocks, whose parts a second launch adds in a fixed order. Four neighbours are added in float, then all in double.
#include <algorithm>

#include "cuda_kernels.h"
#include "device/reduction.cuh"
#include "reduction.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t threads = reduction_threads;
// A result with more terms than this is worth a block of its own.
constexpr int64_t most_of_lanes = 1024;
// Fewer terms are not worth a second launch.
constexpr int64_t least_of_split = 4096;
// That many blocks fill a processor.
constexpr int64_t blocks_of_processor = 8;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// The smallest power of two that is n or more, at most a warp.
int32_t lanes_for(int64_t n) {
  int32_t lanes = 1;
  while (lanes < warp_size && lanes < n) lanes *= 2;
  return lanes;
}

// One reduction's tensors and what its launches need to know.
struct Task {
  const Reduction& shape;
  const float* x;
  float* y;
  int64_t results, terms;
  double share;
  void* scratch;
  int64_t scratch_bytes;
  int32_t processors;
  cudaStream_t stream;

  // Blocks that share the terms of one tile of results, `elements` in all, where there are `tiles` of them. A grid's
  // second dimension has at most 65535.
  int64_t splits(int64_t tiles, int64_t elements, size_t part_bytes) const {
    const int64_t fit = scratch_bytes / (results * static_cast<int64_t>(part_bytes));
    const int64_t wanted = ceil_div(processors * blocks_of_processor, tiles);
    return std::max<int64_t>(1, std::min({wanted, elements / least_of_split, fit, int64_t{65535}}));
  }
};

template <typename Op>
void add_parts(const Task& task, int64_t splits) {
  const int32_t lanes = lanes_for(task.results);
  launch(reduce_parts_kernel<Op>, static_cast<uint32_t>(ceil_div(task.results, lanes)), threads, 0, task.stream,
         static_cast<const typename Op::Total*>(task.scratch), task.y, task.results, splits, lanes, task.share);
}

template <typename Op, typename Index, int32_t width>
void reduce_columns(const Task& task, const Shape<Index>& places) {
  using Total = typename Op::Total;
  const int64_t columns = task.shape.kept.size[0];
  const int32_t lanes = lanes_for(ceil_div(columns, width));
  const int64_t blocks = ceil_div(columns, lanes * width), tiles = task.results / columns * blocks;
  const int64_t chunk = ceil_div(task.terms, task.splits(tiles, task.terms * lanes * width, sizeof(Total)));
  const int64_t splits = ceil_div(task.terms, chunk);
  Total* const parts = splits > 1 ? static_cast<Total*>(task.scratch) : nullptr;
  launch(reduce_columns_kernel<Op, Index, width>, dim3(static_cast<uint32_t>(tiles), static_cast<uint32_t>(splits)),
         threads, 0, task.stream, places, task.x, task.y, parts, columns, static_cast<int32_t>(blocks), lanes, chunk,
         task.share);
  if (parts) add_parts<Op>(task, splits);
}

template <typename Op, typename Index, int32_t width>
void reduce_rows(const Task& task, const Shape<Index>& places) {
  using Total = typename Op::Total;
  if (task.terms <= most_of_lanes) {
    // Two steps a lane, so that two loads are under way.
    const int32_t lanes = lanes_for(ceil_div(task.terms, 2 * width));
    launch(reduce_lanes_kernel<Op, Index, width>, static_cast<uint32_t>(ceil_div(task.results * lanes, threads)),
           threads, 0, task.stream, places, task.x, task.y, lanes, task.share);
    return;
  }
  const int64_t wanted = task.splits(task.results, task.terms, sizeof(Total));
  const int64_t chunk = ceil_div(task.terms, wanted * width) * width, splits = ceil_div(task.terms, chunk);
  Total* const parts = splits > 1 ? static_cast<Total*>(task.scratch) : nullptr;
  launch(reduce_rows_kernel<Op, Index, width>, dim3(static_cast<uint32_t>(task.results), static_cast<uint32_t>(splits)),
         threads, 0, task.stream, places, task.x, task.y, parts, chunk, task.share);
  if (parts) add_parts<Op>(task, splits);
}

template <typename Op, typename Index>
void reduce_in(const Task& task) {
  const Dims &kept = task.shape.kept, &reduced = task.shape.reduced;
  const Shape<Index> places{
      {kept.count, kept.size, kept.stride}, {reduced.count, reduced.size, reduced.stride}, task.results, task.terms};
  const bool columns = task.shape.last_kept && reduced.count > 0;
  // Groups of four then start at multiples of four in every run.
  const int64_t run = columns ? kept.size[0] : reduced.count > 0 ? reduced.size[0] : 1;
  const bool fours = run % 4 == 0 && aligned_to(16, task.x);
  if (columns) return fours ? reduce_columns<Op, Index, 4>(task, places) : reduce_columns<Op, Index, 1>(task, places);
  return fours ? reduce_rows<Op, Index, 4>(task, places) : reduce_rows<Op, Index, 1>(task, places);
}

template <typename Op>
void reduce_by(const Task& task) {
  if (task.results * task.terms <= most_narrow) return reduce_in<Op, uint32_t>(task);
  reduce_in<Op, int64_t>(task);
}

}  // namespace

void launch_reduction(const Reduction& shape, const float* x, float* y, ReduceOp op, void* scratch,
                      int64_t scratch_bytes, int32_t processors, cudaStream_t stream) {
  Task task{shape, x, y, shape.kept.places(), shape.reduced.places(), 1, scratch, scratch_bytes, processors, stream};
  if (op == ReduceOp::mean) task.share = 1.0 / static_cast<double>(task.terms);
  if (op == ReduceOp::max) return reduce_by<Maximum>(task);
  if (op == ReduceOp::sum_of_squares) return reduce_by<Sum<true>>(task);
  reduce_by<Sum<false>>(task);
}

void CudaKernels::reduce(const TensorView& x, TensorView& y, ReduceOp op) {
  Operands operands("reduce");
  operands.in("x", x).out("y", y).scratch(scratch_, scratch_bytes_);
  require_reduce(x, y, op);
  launch_reduction(reduction_of(x, y), floats(x), floats(y), op, scratch_, scratch_bytes_, processors_, stream_);
}

}  // namespace RETORT_ISA
}  // namespace retort
