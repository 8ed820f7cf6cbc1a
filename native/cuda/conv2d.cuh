// What the convolutions' kernels compute, and the ways to do it. The forward op and the gradient by the input are one
// sum: out = Σ over channels and taps of in · w, read at other places and with other steps.
#pragma once

#include "device/platform.cuh"
#include "require/conv2d.h"
#include "retort/kernels.h"

namespace retort {
namespace RETORT_ISA {

// One dimension of a plane.
struct PlaneAxis {
  int32_t size;                 // of in
  int32_t count;                // places of out that this sum writes
  int32_t taps;                 // summed over
  int32_t step, first;          // tap u of place i stands at i·step + first + u of in, which is 0 outside
  int32_t out_step, out_first;  // place i stands at i·out_step + out_first of out
  int32_t w_step, w_first;      // tap u stands at u·w_step + w_first of the kernel
};

// Of `groups` groups that follow one another in in, w, bias and out.
struct Correlation {
  const float* in;
  const float* w;
  const float* bias;  // or null
  float* out;
  int32_t batch, groups, channels, outputs;  // channels and outputs: of one group
  PlaneAxis row, column;
  int64_t in_plane, in_image, out_plane, out_image;  // elements from one to the next
  int64_t w_group, w_output, w_channel;
  int32_t kernel_w, out_width;
  Activation activation;
};

// Where a call's kernels go, and what they may use.
struct ConvolutionResources {
  const char* op;
  cudaStream_t stream;
  Precision precision;
  int32_t processors;
  void* scratch;
  int64_t scratch_bytes;
};

Correlation forward_correlation(const ConvolutionShape& shape, const float* x, const float* w, const float* bias,
                                float* y, Activation activation);

// Groups [first, first + groups), and of each the outputs [first_output, first_output + outputs); fewer than all
// outputs only of one group.
Correlation correlation_part(const Correlation& all, int32_t first, int32_t groups, int32_t first_output,
                             int32_t outputs);

// The order of each sum depends on channels, taps and steps alone, so that any part of a correlation has the bits of
// the whole.
void correlate(const Correlation& correlation, const ConvolutionResources& resources);

// A thread keeps its pixels' taps in registers and runs through the outputs: for few taps, in float32.
bool few_taps(const Correlation& correlation);
void correlate_few_taps(const Correlation& correlation, const ConvolutionResources& resources);
// Implicit products over patches in shared memory: for any shape.
void correlate_patches(const Correlation& correlation, const ConvolutionResources& resources);

}  // namespace RETORT_ISA
}  // namespace retort
