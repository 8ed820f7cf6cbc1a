// Which kernel of device/rows.cuh takes rows of which length, and the loss that the rows' shares add up to.
#pragma once

#include <algorithm>

#include "device/row_blocks.cuh"

namespace retort {
namespace RETORT_ISA {

// Blocks of a launch over rows for each multiprocessor, and so partial losses: few enough that one block adds them up
// in no time.
constexpr int64_t most_row_blocks = 64;
constexpr int32_t loss_threads = 512;

// loss = scale · Σ partial · t², t being 1 where temperature is null.
template <int32_t threads>
__global__ void __launch_bounds__(threads)
    row_losses_kernel(const double* partial, int32_t count, const float* temperature, double scale, float* loss) {
  __shared__ double shares[threads / warp_size];
  double sum = 0;
  for (int32_t i = threadIdx.x; i < count; i += threads) sum += partial[i];
  sum = block_reduce<threads>(sum, shares, Add{});
  if (threadIdx.x != 0) return;
  const double t = temperature ? static_cast<double>(*temperature) : 1.0;
  *loss = static_cast<float>(sum * scale * t * t);
}

// Bytes of shared memory that each of `blocks` blocks on one multiprocessor may take, less a kilobyte that the device
// keeps for itself and one for sums.
inline int64_t shared_of(int32_t architecture, int32_t blocks) {
  const int64_t processor = architecture >= 90 && architecture < 120   ? 228 << 10
                            : architecture == 80 || architecture == 87 ? 164 << 10
                                                                       : 100 << 10;
  return processor / blocks - (2 << 10);
}

class RowLaunch {
 public:
  // partial: most_row_blocks a processor, where the op has a loss.
  RowLaunch(const Matrices& m, int32_t architecture, int32_t processors, double* partial, cudaStream_t stream)
      : m_(m),
        architecture_(architecture),
        processors_(processors),
        most_blocks_(processors * most_row_blocks),
        partial_(partial),
        stream_(stream) {
    const int64_t most_shift = !m.aligned ? 0 : m.columns % chunk_size == 0 ? m.shift : chunk_size - 1;
    chunks_ = (m.columns + most_shift + chunk_size - 1) / chunk_size;
  }

  // Returns how many partial losses the launch wrote, for an op that has a loss.
  template <typename Op>
  int32_t of(const Op& op) const {
    if (chunks_ <= 4) return teams<Op, 4, 1>(op);
    if (chunks_ <= 32) return teams<Op, 16, 2>(op);
    // A few rows of some length take less time where each has a block.
    if (chunks_ > 64 && m_.rows <= 2 * processors_ && fits<Op, 128, 4>()) return blocks<Op, 128, 4, false>(op);
    if (chunks_ <= 256) return teams<Op, 32, 8>(op);
    if (fits<Op, 128, 4>()) return blocks<Op, 128, 4, false>(op);
    if (fits<Op, 512, 4>()) return blocks<Op, 512, 4, false>(op);
    if (fits<Op, 512, 22>()) return blocks<Op, 512, 22, false>(op);
    return blocks<Op, 512, 16, true>(op);
  }

 private:
  template <typename Op, int32_t lanes, int32_t chunks>
  int32_t teams(const Op& op) const {
    constexpr int64_t rows = team_threads / lanes;
    const int64_t blocks = std::min((m_.rows + rows - 1) / rows, most_blocks_);
    launch(team_rows_kernel<Op, lanes, chunks>, static_cast<uint32_t>(blocks), team_threads, 0, stream_, op, m_,
           partial_);
    return static_cast<int32_t>(blocks);
  }

  // Rounds that a block has room for.
  template <typename Op, int32_t threads, int32_t chunks>
  int64_t most_kept() const {
    const int64_t room =
        shared_of(architecture_, RowBlock<threads, chunks>::a_processor) / int64_t{threads * sizeof(float4)};
    if (Op::inputs == 1) return room + chunks;
    return room < chunks ? room : (room + chunks) / 2;
  }

  template <int32_t threads>
  int64_t rounds() const {
    return (chunks_ + threads - 1) / threads;
  }

  template <typename Op, int32_t threads, int32_t chunks>
  bool fits() const {
    return rounds<threads>() <= most_kept<Op, threads, chunks>();
  }

  template <typename Op, int32_t threads, int32_t chunks, bool longer>
  int32_t blocks(const Op& op) const {
    const int64_t kept = std::min(rounds<threads>(), most_kept<Op, threads, chunks>());
    const int64_t rounds_shared = (Op::inputs == 2 ? kept : 0) + std::max<int64_t>(kept - chunks, 0);
    const int64_t blocks = std::min(m_.rows, most_blocks_);
    launch(block_rows_kernel<Op, threads, chunks, longer>, static_cast<uint32_t>(blocks), threads,
           static_cast<size_t>(rounds_shared) * threads * sizeof(float4), stream_, op, m_, static_cast<int32_t>(kept),
           partial_);
    return static_cast<int32_t>(blocks);
  }

  Matrices m_;
  int64_t chunks_;
  int32_t architecture_;
  int32_t processors_;
  int64_t most_blocks_;
  double* partial_;
  cudaStream_t stream_;
};

}  // namespace RETORT_ISA
}  // namespace retort
