// Blocks that share out the values of channels [samples, channels, plane].
//
// A block of 256 threads takes one slice of one channel (across = 1), or, where the plane is one value, of 32
// neighbouring channels (across = 32), so that a warp's loads stand side by side either way. A thread takes units of
// `width` neighbouring values. Sums over a channel: each block adds its slice up in double, about a value that all
// blocks know; whoever needs them adds the slices up in their order.
#pragma once

#include <algorithm>

#include "chunk.cuh"
#include "require/require.h"

namespace retort {
namespace RETORT_ISA {

constexpr int32_t channel_threads = 256;
// Units whose loads a thread has under way at once.
constexpr int32_t unit_batch = 4;

template <int32_t channels_across, int32_t unit_width>
struct ChannelBlocks {
  static constexpr int32_t across = channels_across, width = unit_width;
  // Threads of one channel.
  static constexpr int32_t team = channel_threads / across;
  // Numbers in shared memory that a sum over channels takes.
  static constexpr int32_t shares = 2 * channel_threads / warp_size * across;

  int64_t channels, plane, plane_units, units, slice;
  int32_t splits;
  // A second launch goes the other way: what the first one read last is in the cache still.
  bool from_end;

  __device__ uint32_t block() const { return from_end ? gridDim.x - 1 - blockIdx.x : blockIdx.x; }
  __device__ int32_t split() const { return static_cast<int32_t>(block() % splits); }
  // Beyond the last channel in the last block.
  __device__ int64_t channel() const { return int64_t{block() / splits} * across + threadIdx.x % across; }
  __device__ static int32_t place() { return threadIdx.x / across; }

  // load(u, index) and then use(u, index) for up to unit_batch units u of this thread, over its units of the channel;
  // index is where a unit starts in the tensor. end_batch() after each batch.
  template <typename Load, typename Use, typename End>
  __device__ __forceinline__ void for_units(int64_t channel, const Load& load, const Use& use,
                                            const End& end_batch) const {
    const int64_t begin = split() * slice, stop = begin + slice < units ? begin + slice : units;
    int64_t unit = begin + place();
    int64_t sample = unit / plane_units, offset = unit % plane_units;
    const int64_t next_sample = team / plane_units, next_offset = team % plane_units;
    while (unit < stop) {
      int64_t index[unit_batch];
#pragma unroll
      for (int32_t u = 0; u < unit_batch; ++u) {
        index[u] = unit < stop ? (sample * channels + channel) * plane + offset * width : -1;
        if (index[u] >= 0) load(u, index[u]);
        unit += team;
        sample += next_sample;
        offset += next_offset;
        if (offset >= plane_units) {
          offset -= plane_units;
          ++sample;
        }
      }
#pragma unroll
      for (int32_t u = 0; u < unit_batch; ++u) {
        if (index[u] >= 0) use(u, index[u]);
      }
      end_batch();
    }
  }

  // Over the threads of each channel: place 0 gets the results.
  __device__ __forceinline__ static void reduce(double (&value)[2], double* shared) {
    if constexpr (across == 1) {
      block_reduce_each<channel_threads>(value, shared, Add{});
    } else {
      const int32_t lane = threadIdx.x % across;
      shared[place() * across + lane] = value[0];
      shared[(team + place()) * across + lane] = value[1];
      // Every thread's share must be there before any is read.
      __syncthreads();
      if (place() > 0) return;
      for (int32_t i = 1; i < team; ++i) {
        value[0] += shared[i * across + lane];
        value[1] += shared[(team + i) * across + lane];
      }
    }
  }

  // partial: [splits][channels][2].
  __device__ __forceinline__ void write_slice(const double (&value)[2], int64_t channel, double* partial) const {
    if (place() > 0 || channel >= channels) return;
    double* const to = partial + 2 * (split() * channels + channel);
    to[0] = value[0];
    to[1] = value[1];
  }
  __device__ __forceinline__ void add_slices(double (&value)[2], int64_t channel, const double* partial,
                                             double* shared) const {
    value[0] = value[1] = 0;
    for (int32_t i = place(); i < splits && channel < channels; i += team) {
      value[0] += partial[2 * (i * channels + channel)];
      value[1] += partial[2 * (i * channels + channel) + 1];
    }
    reduce(value, shared);
  }
};

template <int32_t width>
__device__ __forceinline__ void load_unit(float (&value)[width], const float* from) {
  if constexpr (width == chunk_size) {
    unpack(value, *reinterpret_cast<const float4*>(from));
  } else {
    value[0] = *from;
  }
}

template <int32_t width>
__device__ __forceinline__ void store_unit(float* to, const float (&value)[width]) {
  if constexpr (width == chunk_size) {
    *reinterpret_cast<float4*>(to) = make_float4(value[0], value[1], value[2], value[3]);
  } else {
    *to = value[0];
  }
}

// body(blocks, grid) with the blocks that fit the tensor: `shape`, and whether its pointers are aligned to 16 bytes.
template <typename Body>
void share_channels(const Channels& shape, bool aligned, int32_t processors, const Body& body) {
  const auto with = [&](auto blocks) {
    blocks.channels = shape.channels;
    blocks.plane = shape.plane;
    blocks.plane_units = shape.plane / blocks.width;
    blocks.units = shape.samples * blocks.plane_units;
    const int64_t groups = (shape.channels + blocks.across - 1) / blocks.across;
    // As many blocks as the device holds at once, and two batches at least for each thread.
    constexpr int64_t blocks_a_processor = 2048 / channel_threads, most_splits = 256;
    const int64_t worthwhile = blocks.units / (int64_t{2} * unit_batch * blocks.team);
    const int64_t wanted = (processors * blocks_a_processor + groups - 1) / groups;
    blocks.splits = static_cast<int32_t>(std::max<int64_t>(std::min({wanted, worthwhile, most_splits}), 1));
    blocks.slice = (blocks.units + blocks.splits - 1) / blocks.splits;
    blocks.from_end = false;
    body(blocks, static_cast<uint32_t>(groups * blocks.splits));
  };
  if (shape.plane == 1) return with(ChannelBlocks<warp_size, 1>{});
  if (aligned && shape.plane % chunk_size == 0) return with(ChannelBlocks<1, chunk_size>{});
  with(ChannelBlocks<1, 1>{});
}

template <typename... Pointers>
bool all_aligned(const Pointers*... pointers) {
  return (... && (shift_of(pointers) == 0));
}

}  // namespace RETORT_ISA
}  // namespace retort
