// The CUDA backend's one class; its methods stand in one file per op family. nvcc compiles them for GPUs; g++ compiles
// the same files for simt (native/simt), on which the tests run where there is no GPU.
#pragma once

#include "device/platform.cuh"
#include "fault.h"
#include "operands.h"
#include "retort/kernels.h"
#include "retort/library.h"

namespace retort {
namespace RETORT_ISA {

class CudaKernels final : public Kernels {
 public:
  explicit CudaKernels(const LibrarySettings& settings);

  void synchronize() override;
  void matmul(const TensorView& a, const TensorView& b, const TensorView* bias, TensorView& y, bool transpose_a,
              bool transpose_b, Activation activation) override;
  void matmul_int8(const TensorView& a, const TensorView& b, const TensorView& scale, const TensorView* bias,
                   TensorView& y, Activation activation) override;
  void conv2d_forward(const TensorView& x, const TensorView& w, const TensorView* bias, TensorView& y,
                      const Window& window, int32_t groups, Activation activation) override;
  void conv2d_max_pool2d_forward(const TensorView& x, const TensorView& w, const TensorView* bias, TensorView& y,
                                 TensorView* index, const Window& window, int32_t groups, Activation activation,
                                 const Window& pool) override;
  void conv2d_backward_input(const TensorView& dy, const TensorView& w, TensorView& dx, const Window& window,
                             int32_t groups) override;
  void conv2d_backward_weight(const TensorView& x, const TensorView& dy, TensorView& dw, const Window& window,
                              int32_t groups) override;
  void bias_forward(const TensorView& x, const TensorView& bias, TensorView& y) override;
  void bias_backward(const TensorView& dy, TensorView& dbias) override;
  void max_pool2d_forward(const TensorView& x, TensorView& y, TensorView& index, const Window& window) override;
  void max_pool2d_backward(const TensorView& dy, const TensorView& index, TensorView& dx,
                           const Window& window) override;
  void avg_pool2d_forward(const TensorView& x, TensorView& y, const Window& window) override;
  void avg_pool2d_backward(const TensorView& dy, TensorView& dx, const Window& window) override;
  void unary_forward(const TensorView& x, TensorView& y, UnaryOp op) override;
  void unary_backward(const TensorView& x, const TensorView& y, const TensorView& dy, TensorView& dx,
                      UnaryOp op) override;
  void binary(const TensorView& a, const TensorView& b, TensorView& y, BinaryOp op) override;
  void reduce(const TensorView& x, TensorView& y, ReduceOp op) override;
  void fill(TensorView& y, float value) override;
  void cast(const TensorView& x, TensorView& y) override;
  void permute(const TensorView& x, TensorView& y, const int32_t* permutation) override;
  void copy_slice(const TensorView& x, TensorView& y, int32_t axis, int64_t x_start, int64_t y_start,
                  int64_t length) override;
  void dropout(const TensorView& x, const TensorView& seed, TensorView& y, float rate, int32_t stream) override;
  void softmax_forward(const TensorView& z, const TensorView& temperature, TensorView& p) override;
  void softmax_backward(const TensorView& p, const TensorView& dp, const TensorView& temperature,
                        TensorView& dz) override;
  void log_softmax_forward(const TensorView& z, const TensorView& temperature, TensorView& y) override;
  void log_softmax_backward(const TensorView& y, const TensorView& dy, const TensorView& temperature,
                            TensorView& dz) override;
  void softmax_kl(const TensorView& student, const TensorView& teacher, const TensorView& temperature, TensorView& loss,
                  TensorView& dz) override;
  void cross_entropy(const TensorView& z, const TensorView& labels, TensorView& loss, TensorView& dz) override;
  void mse(const TensorView& x, const TensorView& target, TensorView& loss, TensorView& dx) override;
  void batch_norm_forward(const TensorView& x, const TensorView& gamma, const TensorView& beta,
                          TensorView& running_mean, TensorView& running_variance, TensorView& y, TensorView& saved_mean,
                          TensorView& saved_inv_std, float momentum, float epsilon) override;
  void batch_norm_inference(const TensorView& x, const TensorView& gamma, const TensorView& beta,
                            const TensorView& running_mean, const TensorView& running_variance, TensorView& y,
                            float epsilon) override;
  void batch_norm_backward(const TensorView& x, const TensorView& dy, const TensorView& gamma,
                           const TensorView& saved_mean, const TensorView& saved_inv_std, TensorView& dx,
                           TensorView& dgamma, TensorView& dbeta) override;
  void layer_norm_forward(const TensorView& x, const TensorView& gamma, const TensorView& beta, TensorView& y,
                          TensorView& saved_mean, TensorView& saved_inv_std, float epsilon) override;
  void layer_norm_backward(const TensorView& x, const TensorView& dy, const TensorView& gamma,
                           const TensorView& saved_mean, const TensorView& saved_inv_std, TensorView& dx,
                           TensorView& dgamma, TensorView& dbeta) override;
  void embedding_forward(const TensorView& table, const TensorView& indices, TensorView& y) override;
  void embedding_backward(const TensorView& dy, const TensorView& indices, TensorView& dtable) override;
  void attention_forward(const TensorView& q, const TensorView& k, const TensorView& v, const TensorView* mask,
                         TensorView& y, TensorView& log_sum, float scale, bool causal) override;
  void attention_backward(const TensorView& q, const TensorView& k, const TensorView& v, const TensorView* mask,
                          const TensorView& y, const TensorView& dy, const TensorView& log_sum, TensorView& dq,
                          TensorView& dk, TensorView& dv, float scale, bool causal) override;
  void sgd_step(const TensorView& dw, const TensorView& learning_rate, const TensorView* gradient_scale, TensorView& w,
                TensorView* velocity, float momentum, float weight_decay, bool nesterov) override;
  void adam_step(const TensorView& dw, const TensorView& learning_rate, const TensorView& step,
                 const TensorView* gradient_scale, TensorView& w, TensorView& m, TensorView& v, float beta1,
                 float beta2, float epsilon, float weight_decay, bool decoupled) override;

 private:
  // Memory of this backend for one call at a time; what it holds is lost with the call.
  template <typename T>
  T* scratch(const char* op, int64_t count) {
    const int64_t bytes = count * static_cast<int64_t>(sizeof(T));
    if (bytes > scratch_bytes_)
      refuse(op, "the backend's scratch memory must hold the call", bytes, " bytes of ", scratch_bytes_);
    return static_cast<T*>(scratch_);
  }

  const cudaStream_t stream_;
  void* const scratch_;
  const int64_t scratch_bytes_;
  ValueFault* const fault_;
  const Precision precision_;
  // What the GPU has: 80 for sm_80, 90 for sm_90; multiprocessors.
  int32_t architecture_ = 0, processors_ = 0;
};

}  // namespace RETORT_ISA
}  // namespace retort
