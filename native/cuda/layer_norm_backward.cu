// Layer norm backward. A warp takes rows of up to 1024 values, a block rows of up to 8192, with x and dy in registers:
// each is read once. A thread has the same columns in every row and adds dgamma and dbeta up as it goes; each block
// leaves its share in scratch memory, and a second launch adds the shares up in their order. A longer row is read
// twice, and a launch of its own goes down its columns. Bound by memory: 12 bytes a value.
#include <algorithm>

#include "cuda_kernels.h"
#include "device/row_team.cuh"
#include "require/layer_norm.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int32_t long_row_threads = 512;
// Of a block that adds columns up: a warp's loads stand side by side, and 32 rows are under way.
constexpr int32_t columns_across = 32, rows_down = 32;
constexpr int64_t most_blocks = 64;

struct Tensors {
  const float *x, *dy, *gamma, *mean, *inv_std;
  float* dx;
  int64_t rows, columns;
  bool aligned;
};

// partial: [blocks][2][columns], the shares of dgamma and of dbeta.
template <typename Team>
__global__ void __launch_bounds__(Team::threads) layer_norm_backward_kernel(Tensors t, float* partial) {
  __shared__ float shares[2][Team::shares];
  __shared__ float teams_share[Team::teams == 1 ? 1 : Team::teams][Team::teams == 1 ? 1 : Team::most];
  const int32_t columns = static_cast<int32_t>(t.columns);
  const float part = 1.0f / static_cast<float>(columns);
  const Row<int32_t> vector{0, columns, 0, t.aligned};
  float scale_sums[Team::chunks][chunk_size] = {}, shift_sums[Team::chunks][chunk_size] = {};
  int32_t turn = 0;
  for (int64_t at = int64_t{blockIdx.x} * Team::teams; at < t.rows; at += int64_t{gridDim.x} * Team::teams, turn ^= 1) {
    const int64_t r = at + Team::team();
    // A team beyond the last row goes along with an empty one: collectives name the whole warp.
    const bool real = r < t.rows;
    const Row<int32_t> row{real ? r * t.columns : 0, real ? columns : 0, 0, t.aligned};
    const float mean = real ? t.mean[r] : 0.0f, inv_std = real ? t.inv_std[r] : 0.0f;
    float x[Team::chunks][chunk_size], slope[Team::chunks][chunk_size], sums[2] = {};
    Team::each_chunk(columns, [&](int32_t u, int32_t first) {
      load_chunk(x[u], t.x, row, first, 0.0f);
      load_chunk(slope[u], t.dy, row, first, 0.0f);
    });
    Team::each_chunk(columns, [&](int32_t u, int32_t first) {
      float gamma[chunk_size];
      load_chunk(gamma, t.gamma, vector, first, 0.0f);
#pragma unroll
      for (int32_t j = 0; j < chunk_size; ++j) {
        x[u][j] = (x[u][j] - mean) * inv_std;
        scale_sums[u][j] += slope[u][j] * x[u][j];
        shift_sums[u][j] += slope[u][j];
        slope[u][j] *= gamma[j];
        sums[0] += slope[u][j];
        sums[1] += slope[u][j] * x[u][j];
      }
    });
    Team::add_up(sums, shares[turn]);
    const float level = sums[0] * part, by_deviation = sums[1] * part;
    Team::each_chunk(columns, [&](int32_t u, int32_t first) {
#pragma unroll
      for (int32_t j = 0; j < chunk_size; ++j) slope[u][j] = inv_std * (slope[u][j] - level - x[u][j] * by_deviation);
      store_chunk(t.dx, row, first, slope[u]);
    });
  }
  const auto leave = [&](const float(&own)[Team::chunks][chunk_size], float* to) {
    if constexpr (Team::teams == 1) {
      Team::each_chunk(columns, [&](int32_t u, int32_t first) { store_chunk(to, vector, first, own[u]); });
    } else {
      // The shares of the other vector must have been read.
      __syncthreads();
      Team::each_chunk(columns, [&](int32_t u, int32_t first) {
#pragma unroll
        for (int32_t j = 0; j < chunk_size; ++j) teams_share[Team::team()][first + j] = own[u][j];
      });
      // Every team's share must be there before any is read.
      __syncthreads();
      for (int32_t c = threadIdx.x; c < columns; c += Team::threads) {
        float sum = teams_share[0][c];
#pragma unroll
        for (int32_t i = 1; i < Team::teams; ++i) sum += teams_share[i][c];
        to[c] = sum;
      }
    }
  };
  leave(scale_sums, partial + int64_t{blockIdx.x} * 2 * t.columns);
  leave(shift_sums, partial + (int64_t{blockIdx.x} * 2 + 1) * t.columns);
}

__global__ void __launch_bounds__(long_row_threads) layer_norm_backward_long_kernel(Tensors t) {
  __shared__ double shares[2][2 * long_row_threads / warp_size];
  int32_t turn = 0;
  for (int64_t r = blockIdx.x; r < t.rows; r += gridDim.x, turn ^= 1) {
    const float *x = t.x + r * t.columns, *dy = t.dy + r * t.columns;
    float* const dx = t.dx + r * t.columns;
    const float mean = t.mean[r], inv_std = t.inv_std[r];
    double sums[2] = {};
    for (int64_t c = threadIdx.x; c < t.columns; c += long_row_threads) {
      const float slope = dy[c] * t.gamma[c];
      sums[0] += static_cast<double>(slope);
      sums[1] += static_cast<double>(slope * ((x[c] - mean) * inv_std));
    }
    block_reduce_each<long_row_threads>(sums, shares[turn], Add{});
    const float level = static_cast<float>(sums[0] / static_cast<double>(t.columns));
    const float by_deviation = static_cast<float>(sums[1] / static_cast<double>(t.columns));
    for (int64_t c = threadIdx.x; c < t.columns; c += long_row_threads) {
      dx[c] = inv_std * (dy[c] * t.gamma[c] - level - (x[c] - mean) * inv_std * by_deviation);
    }
  }
}

// Adds up what each of the rows_down threads of a column has; that of row 0 gets the result.
__device__ __forceinline__ double add_down(double sum, double (&shares)[rows_down][columns_across]) {
  shares[threadIdx.y][threadIdx.x] = sum;
  // Every row's share must be there before any is read.
  __syncthreads();
  if (threadIdx.y == 0) {
    for (int32_t i = 1; i < rows_down; ++i) sum += shares[i][threadIdx.x];
  }
  // The shares are read before the next sum's are written.
  __syncthreads();
  return sum;
}

__global__ void __launch_bounds__(columns_across* rows_down)
    layer_norm_columns_kernel(Tensors t, float* dgamma, float* dbeta) {
  __shared__ double shares[rows_down][columns_across];
  const int64_t c = int64_t{blockIdx.x} * columns_across + threadIdx.x;
  double scale = 0, shift = 0;
  for (int64_t r = threadIdx.y; r < t.rows && c < t.columns; r += rows_down) {
    const float slope = t.dy[r * t.columns + c];
    scale += static_cast<double>(slope * ((t.x[r * t.columns + c] - t.mean[r]) * t.inv_std[r]));
    shift += static_cast<double>(slope);
  }
  scale = add_down(scale, shares);
  shift = add_down(shift, shares);
  if (threadIdx.y > 0 || c >= t.columns) return;
  dgamma[c] = static_cast<float>(scale);
  dbeta[c] = static_cast<float>(shift);
}

__global__ void __launch_bounds__(columns_across* rows_down)
    layer_norm_shares_kernel(const float* partial, int32_t count, int64_t columns, float* dgamma, float* dbeta) {
  __shared__ double shares[rows_down][columns_across];
  const int64_t c = int64_t{blockIdx.x} * columns_across + threadIdx.x;
  double sum = 0;
  if (c < 2 * columns) {
#pragma unroll 4
    for (int32_t i = threadIdx.y; i < count; i += rows_down) sum += static_cast<double>(partial[i * 2 * columns + c]);
  }
  sum = add_down(sum, shares);
  if (threadIdx.y > 0 || c >= 2 * columns) return;
  (c < columns ? dgamma[c] : dbeta[c - columns]) = static_cast<float>(sum);
}

}  // namespace

void CudaKernels::layer_norm_backward(const TensorView& x, const TensorView& dy, const TensorView& gamma,
                                      const TensorView& saved_mean, const TensorView& saved_inv_std, TensorView& dx,
                                      TensorView& dgamma, TensorView& dbeta) {
  const char* op = "layer_norm_backward";
  Operands operands(op);
  operands.in("x", x).in("dy", dy).in("gamma", gamma).in("saved_mean", saved_mean).in("saved_inv_std", saved_inv_std);
  operands.out("dx", dx).out("dgamma", dgamma).out("dbeta", dbeta).scratch(scratch_, scratch_bytes_);
  require_layer_norm_backward(op, x, dy, gamma, saved_mean, saved_inv_std, dx, dgamma, dbeta);
  Tensors t{floats(x), floats(dy), floats(gamma), floats(saved_mean), floats(saved_inv_std), floats(dx),
            x.dims[0], x.dims[1],  false};
  t.aligned = rows_aligned(t.columns, t.x, t.dy, t.gamma, t.dx);
  const auto groups_of = [](int64_t n) { return static_cast<uint32_t>((n + columns_across - 1) / columns_across); };
  const dim3 column_block(columns_across, rows_down);
  if (t.columns > RowTeam<256, 8>::most) {
    launch(layer_norm_backward_long_kernel, static_cast<uint32_t>(std::min(t.rows, processors_ * most_blocks)),
           long_row_threads, 0, stream_, t);
    launch(layer_norm_columns_kernel, groups_of(t.columns), column_block, 0, stream_, t, floats(dgamma), floats(dbeta));
    return;
  }
  const auto with = [&](auto team, int64_t blocks_a_processor) {
    using Team = decltype(team);
    const int64_t share = 2 * t.columns, most_shares = scratch_bytes_ / static_cast<int64_t>(sizeof(float)) / share;
    const int64_t wanted = std::min((t.rows + Team::teams - 1) / Team::teams, processors_ * blocks_a_processor);
    const int64_t shares = std::max<int64_t>(std::min(wanted, most_shares), 1);
    float* const partial = scratch<float>(op, shares * share);
    launch(layer_norm_backward_kernel<Team>, static_cast<uint32_t>(shares), Team::threads, 0, stream_, t, partial);
    launch(layer_norm_shares_kernel, groups_of(share), column_block, 0, stream_, partial, static_cast<int32_t>(shares),
           t.columns, floats(dgamma), floats(dbeta));
  };
  // As many blocks as a multiprocessor's registers hold.
  if (t.columns <= RowTeam<32, 2>::most) return with(RowTeam<32, 2>{}, 8);
  if (t.columns <= RowTeam<32, 8>::most) return with(RowTeam<32, 8>{}, 3);
  with(RowTeam<256, 8>{}, 1);
}

}  // namespace RETORT_ISA
}  // namespace retort
