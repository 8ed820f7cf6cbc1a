// Layer norm forward. A warp takes a row of up to 1024 values and a block one of up to 8192: it is read once and stays
// in registers, from which come its mean, then the squares about it, then y. A longer row is read again for each of the
// three. Bound by memory: 8 bytes a value.
#include "require/layer_norm.h"

#include <algorithm>

#include "cuda_kernels.h"
#include "device/row_team.cuh"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t long_row_threads = 512;
// Blocks of a launch for each multiprocessor; a block takes further rows when it is done.
constexpr int64_t most_blocks = 64;

struct Tensors {
  const float *x, *gamma, *beta;
  float *y, *mean, *inv_std;
  int64_t rows, columns;
  float epsilon;
  bool aligned;
};

struct Level {
  float lost, inv_std;
};

// sums: Σ (x − mean) and Σ (x − mean)², the first being what rounding took from the mean.
__device__ __forceinline__ Level level_of(const double (&sums)[2], int64_t columns, float epsilon) {
  const double n = static_cast<double>(columns), lost = sums[0] / n, variance = sums[1] / n - lost * lost;
  // Rounding may take it below 0; NaN stays.
  const double squared = variance < 0.0 ? 0.0 : variance;
  return {static_cast<float>(lost), static_cast<float>(1.0 / sqrt(squared + static_cast<double>(epsilon)))};
}

template <typename Team>
__global__ void __launch_bounds__(Team::threads) layer_norm_kernel(Tensors t) {
  __shared__ float sum_shares[Team::shares];
  __shared__ double square_shares[Team::shares];
  const int32_t columns = static_cast<int32_t>(t.columns);
  const Row<int32_t> vector{0, columns, 0, t.aligned};
  for (int64_t at = int64_t{blockIdx.x} * Team::teams; at < t.rows; at += int64_t{gridDim.x} * Team::teams) {
    const int64_t r = at + Team::team();
    // A team beyond the last row goes along with an empty one: collectives name the whole warp.
    const bool real = r < t.rows;
    const Row<int32_t> row{real ? r * t.columns : 0, real ? columns : 0, 0, t.aligned};
    float x[Team::chunks][chunk_size], sum[2] = {};
    Team::each_chunk(columns, [&](int32_t u, int32_t first) {
      load_chunk(x[u], t.x, row, first, 0.0f);
#pragma unroll
      for (int32_t j = 0; j < chunk_size; ++j) sum[0] += x[u][j];
    });
    Team::add_up(sum, sum_shares);
    const float mean = sum[0] / static_cast<float>(columns);
    float gaps[2] = {};
    Team::each_chunk(columns, [&](int32_t u, int32_t first) {
#pragma unroll
      for (int32_t j = 0; j < chunk_size; ++j) {
        x[u][j] = row.holds(first + j) ? x[u][j] - mean : 0.0f;
        gaps[0] += x[u][j];
        gaps[1] += x[u][j] * x[u][j];
      }
    });
    double sums[2] = {static_cast<double>(gaps[0]), static_cast<double>(gaps[1])};
    Team::add_up(sums, square_shares);
    const Level level = level_of(sums, t.columns, t.epsilon);
    if (real && Team::lane() == 0) {
      t.mean[r] = mean + level.lost;
      t.inv_std[r] = level.inv_std;
    }
    Team::each_chunk(columns, [&](int32_t u, int32_t first) {
      float gamma[chunk_size], beta[chunk_size];
      load_chunk(gamma, t.gamma, vector, first, 0.0f);
      load_chunk(beta, t.beta, vector, first, 0.0f);
#pragma unroll
      for (int32_t j = 0; j < chunk_size; ++j) {
        x[u][j] = gamma[j] * ((x[u][j] - level.lost) * level.inv_std) + beta[j];
      }
      store_chunk(t.y, row, first, x[u]);
    });
  }
}

__global__ void __launch_bounds__(long_row_threads) layer_norm_long_kernel(Tensors t) {
  __shared__ double shares[2][2 * long_row_threads / warp_size];
  for (int64_t r = blockIdx.x; r < t.rows; r += gridDim.x) {
    const float* const x = t.x + r * t.columns;
    float* const y = t.y + r * t.columns;
    double sum[2] = {}, sums[2] = {};
    for (int64_t c = threadIdx.x; c < t.columns; c += long_row_threads) sum[0] += static_cast<double>(x[c]);
    block_reduce_each<long_row_threads>(sum, shares[0], Add{});
    const float mean = static_cast<float>(sum[0] / static_cast<double>(t.columns));
    for (int64_t c = threadIdx.x; c < t.columns; c += long_row_threads) {
      const float gap = x[c] - mean;
      sums[0] += static_cast<double>(gap);
      sums[1] += static_cast<double>(gap * gap);
    }
    block_reduce_each<long_row_threads>(sums, shares[1], Add{});
    const Level level = level_of(sums, t.columns, t.epsilon);
    if (threadIdx.x == 0) {
      t.mean[r] = mean;
      t.inv_std[r] = level.inv_std;
    }
    for (int64_t c = threadIdx.x; c < t.columns; c += long_row_threads) {
      y[c] = t.gamma[c] * ((x[c] - mean - level.lost) * level.inv_std) + t.beta[c];
    }
  }
}

}  // namespace

void CudaKernels::layer_norm_forward(const TensorView& x, const TensorView& gamma, const TensorView& beta,
                                     TensorView& y, TensorView& saved_mean, TensorView& saved_inv_std, float epsilon) {
  const char* op = "layer_norm_forward";
  Operands operands(op);
  operands.in("x", x).in("gamma", gamma).in("beta", beta);
  operands.out("y", y).out("saved_mean", saved_mean).out("saved_inv_std", saved_inv_std);
  require_layer_norm_forward(op, x, gamma, beta, y, saved_mean, saved_inv_std);
  Tensors t{floats(x), floats(gamma), floats(beta), floats(y), floats(saved_mean), floats(saved_inv_std),
            x.dims[0], x.dims[1],     epsilon,      false};
  t.aligned = rows_aligned(t.columns, t.x, t.y, t.gamma, t.beta);
  const auto with = [&](auto team) {
    using Team = decltype(team);
    const int64_t blocks = std::min((t.rows + Team::teams - 1) / Team::teams, processors_ * most_blocks);
    launch(layer_norm_kernel<Team>, static_cast<uint32_t>(blocks), Team::threads, 0, stream_, t);
  };
  if (t.columns <= RowTeam<32, 2>::most) return with(RowTeam<32, 2>{});
  if (t.columns <= RowTeam<32, 8>::most) return with(RowTeam<32, 8>{});
  if (t.columns <= RowTeam<256, 8>::most) return with(RowTeam<256, 8>{});
  launch(layer_norm_long_kernel, static_cast<uint32_t>(std::min(t.rows, processors_ * most_blocks)), long_row_threads,
         0, stream_, t);
}

}  // namespace RETORT_ISA
}  // namespace retort
