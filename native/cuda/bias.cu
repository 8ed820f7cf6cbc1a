// A bias per channel: forward a broadcast sum (binary.cu), backward a reduction over all but the channels (reduce.cu).
// Bound by memory: 8 bytes an element forward, 4 backward.
#include "require/bias.h"

#include "broadcast.h"
#include "cuda_kernels.h"
#include "reduction.h"

namespace retort {
namespace RETORT_ISA {
namespace {

TensorView view_of(const void* data, int64_t samples, int64_t channels, int64_t plane) {
  const int64_t dims[] = {samples, channels, plane};
  return TensorView(const_cast<void*>(data), DType::float32, 3, dims);
}

}  // namespace

void CudaKernels::bias_forward(const TensorView& x, const TensorView& bias, TensorView& y) {
  Operands operands("bias_forward");
  operands.in("x", x).in("bias", bias).out("y", y);
  const Channels shape = require_bias_forward(x, bias, y);
  TensorView to = view_of(y.data, shape.samples, shape.channels, shape.plane);
  launch_broadcast(view_of(x.data, shape.samples, shape.channels, shape.plane),
                   view_of(bias.data, 1, shape.channels, 1), to, BinaryOp::add, stream_);
}

void CudaKernels::bias_backward(const TensorView& dy, TensorView& dbias) {
  Operands operands("bias_backward");
  operands.in("dy", dy).out("dbias", dbias).scratch(scratch_, scratch_bytes_);
  const Channels shape = require_bias_backward(dy, dbias);
  const Reduction reduction = reduction_of(view_of(dy.data, shape.samples, shape.channels, shape.plane),
                                           view_of(dbias.data, 1, shape.channels, 1));
  launch_reduction(reduction, floats(dy), floats(dbias), ReduceOp::sum, scratch_, scratch_bytes_, processors_, stream_);
}

}  // namespace RETORT_ISA
}  // namespace retort
