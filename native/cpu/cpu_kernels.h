// The CPU backend's one class; its methods stand in one file per op family.
// Every file of this folder but cpu.cpp, error.cpp, memory.cpp and parallel.cpp is compiled once per instruction set,
// in a namespace of its own (RETORT_ISA: baseline, avx2, avx512), and cpu.cpp picks the best one that the processor
// has. So a plain loop is a SIMD loop: the compiler vectorises it for each set, and no file needs intrinsics to be
// fast.
#pragma once

#include "retort/kernels.h"

namespace retort {
namespace RETORT_ISA {

class CpuKernels final : public Kernels {
 public:
  explicit CpuKernels(int32_t threads) : threads_(threads) {}

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
  const int32_t threads_;
};

}  // namespace RETORT_ISA
}  // namespace retort
