// The contract of every backend: one pure virtual method per op. It is longer than the house size because the contract
// is one class, read in one place.
//
// Order of arguments, for ever the same: inputs, outputs, attributes.
// Dimensions: N batch, C channels, H height, W width, O output channels; M N K rows, columns and depth of a product;
// B rows (samples) and C columns (classes) of logits. dx is the gradient of the loss by x.
// Tensors are float32 where nothing else is said. An optional tensor is a pointer and may be null.
// Every output is written whole ("="), unless a method says "+=" or "in place". Outputs alias no input, unless a method
// says that they may. Values that change from step to step (temperature, learning rate) are tensors of shape [1],
// so that a captured list of calls stays valid.
// Every method throws std::invalid_argument with the text "[op] what must hold: what came" when shapes, element types
// or attributes do not fit. A backend that computes later throws what a value earned (a label, a temperature, an index)
// at synchronize, and writes NaN until then. Results depend on the number of threads only through the order of sums:
// the same number gives the same bits.
#pragma once

#include "tensor_view.h"

namespace retort {

enum class Activation : int32_t { none = 0, relu = 1, gelu = 2 };

// relu max(x,0); gelu x·Φ(x), the exact form; reciprocal 1/x; sigmoid 1/(1+e^-x);
// huber x²/2 for |x| ≤ 1, |x| − ½ beyond.
enum class UnaryOp : int32_t {
  relu = 0,
  gelu = 1,
  exp = 2,
  log = 3,
  sqrt = 4,
  square = 5,
  negate = 6,
  absolute = 7,
  reciprocal = 8,
  sigmoid = 9,
  tanh = 10,
  huber = 11
};

enum class BinaryOp : int32_t { add = 0, subtract = 1, multiply = 2, divide = 3, maximum = 4, minimum = 5 };

// How products of float32 tensors are computed where the backend has a choice: as they are; rounded to TensorFloat-32
// (8 bits of exponent, 10 of mantissa); rounded to bfloat16. Sums are float32 each time. The CPU computes in float32.
enum class Precision : int32_t { float32 = 0, tf32 = 1, bfloat16 = 2 };

enum class ReduceOp : int32_t { sum = 0, mean = 1, max = 2, sum_of_squares = 3 };

class Kernels {
 public:
  virtual ~Kernels() = default;

  // Waits until every call is done.
  virtual void synchronize() = 0;

  // ---- products ----

  // y[M,N] = activation(op(a)·op(b) + bias), op(a) [M,K], op(b) [K,N], bias [N]; op transposes where its flag is set
  // (then a is stored [K,M], b is stored [N,K]). a and b are both float32 or both bfloat16, y is float32 or, where they
  // are bfloat16, bfloat16; bias is float32 and so are the sums.
  virtual void matmul(const TensorView& a, const TensorView& b, const TensorView* bias, TensorView& y, bool transpose_a,
                      bool transpose_b, Activation activation) = 0;

  // y[M,N] = activation(scale[n]·Σ_k a[m,k]·b[n,k] + bias[n]): a [M,K] and b [N,K] int8, sums exact in int32 (K <
  // 2^17), scale [N] the product of both tensors' steps, bias [N], y float32.
  virtual void matmul_int8(const TensorView& a, const TensorView& b, const TensorView& scale, const TensorView* bias,
                           TensorView& y, Activation activation) = 0;

  // y[N,O,H',W'] = activation(x[N,C,H,W] ∗ w[O,C/groups,kernel_h,kernel_w] + bias[O]), cross-correlation, zero padding;
  // H' = (H + 2·pad_h − kernel_h)/stride_h + 1, rounded down, and so W'. groups divides C and O.
  virtual void conv2d_forward(const TensorView& x, const TensorView& w, const TensorView* bias, TensorView& y,
                              const Window& window, int32_t groups, Activation activation) = 0;
  // y, index = max_pool2d_forward of conv2d_forward's y, whose values then never leave the cache; index may be null.
  virtual void conv2d_max_pool2d_forward(const TensorView& x, const TensorView& w, const TensorView* bias,
                                         TensorView& y, TensorView* index, const Window& window, int32_t groups,
                                         Activation activation, const Window& pool) = 0;
  // dx[N,C,H,W] from dy[N,O,H',W'] and w.
  virtual void conv2d_backward_input(const TensorView& dy, const TensorView& w, TensorView& dx, const Window& window,
                                     int32_t groups) = 0;
  // dw[O,C/groups,kernel_h,kernel_w] from x and dy.
  virtual void conv2d_backward_weight(const TensorView& x, const TensorView& dy, TensorView& dw, const Window& window,
                                      int32_t groups) = 0;

  // y = x + bias along dimension 1: x [N,C] or [N,C,H,W], bias [C]. y may be x.
  virtual void bias_forward(const TensorView& x, const TensorView& bias, TensorView& y) = 0;
  // dbias[C] = sum of dy over every dimension but 1.
  virtual void bias_backward(const TensorView& dy, TensorView& dbias) = 0;

  // ---- pooling, x [N,C,H,W], y [N,C,H',W'] with H' as in conv2d_forward; pad below the kernel ----

  // index [N,C,H',W'] int32: where in its H·W plane each maximum stood (the first one where several are equal).
  // Padding never wins.
  virtual void max_pool2d_forward(const TensorView& x, TensorView& y, TensorView& index, const Window& window) = 0;
  // dx = dy put back where index says, added up where windows overlap.
  virtual void max_pool2d_backward(const TensorView& dy, const TensorView& index, TensorView& dx,
                                   const Window& window) = 0;
  // Mean over the kernel's kernel_h·kernel_w places, padding counted as zeros.
  virtual void avg_pool2d_forward(const TensorView& x, TensorView& y, const Window& window) = 0;
  virtual void avg_pool2d_backward(const TensorView& dy, TensorView& dx, const Window& window) = 0;

  // ---- elementwise ----

  // y = op(x). y may be x.
  virtual void unary_forward(const TensorView& x, TensorView& y, UnaryOp op) = 0;
  // dx = dy·op'(x), y being op(x). relu, exp, sqrt, reciprocal, sigmoid and tanh read y and never x; the others read x
  // and never y; what is not read may be any tensor of that shape. dx may be dy. relu'(0) = 0, absolute'(0) = 0.
  virtual void unary_backward(const TensorView& x, const TensorView& y, const TensorView& dy, TensorView& dx,
                              UnaryOp op) = 0;
  // y = a op b. a and b have y's rank, and y's dimension or 1 in every place (broadcast); or are a scalar [1].
  // y may be a or b where that has y's shape.
  virtual void binary(const TensorView& a, const TensorView& b, TensorView& y, BinaryOp op) = 0;
  // y = op of x over the dimensions where y has 1; y has x's rank, or is a scalar [1] (over everything).
  virtual void reduce(const TensorView& x, TensorView& y, ReduceOp op) = 0;
  // y = value, in y's element type.
  virtual void fill(TensorView& y, float value) = 0;
  // y = x in y's element type: float32 to bfloat16 (to nearest, ties to even; NaN stays NaN) or back.
  virtual void cast(const TensorView& x, TensorView& y) = 0;
  // y's dimension i is x's dimension permutation[i]; permutation has x.rank entries. Any element type.
  virtual void permute(const TensorView& x, TensorView& y, const int32_t* permutation) = 0;
  // y[.., y_start + i, ..] = x[.., x_start + i, ..] along axis for 0 ≤ i < length; the rest of y is left as it is. x
  // and y agree in every other dimension. Any element type.
  virtual void copy_slice(const TensorView& x, TensorView& y, int32_t axis, int64_t x_start, int64_t y_start,
                          int64_t length) = 0;
  // y = x·mask/(1 − rate), mask drawn by Philox4x32-10 (Salmon et al., SC 2011): key = seed [2] int32, counter = (low
  // and high word of element index / 4, stream, 0); element i is kept where the upper 24 bits of word i mod 4, as a
  // fraction of 2^24, are rate or more. So the same call on dy gives dx. 0 ≤ rate < 1. y may be x.
  virtual void dropout(const TensorView& x, const TensorView& seed, TensorView& y, float rate, int32_t stream) = 0;

  // ---- softmax and losses, logits z [B,C], T = temperature [1], over 0 ----

  // p = softmax(z/T) over C.
  virtual void softmax_forward(const TensorView& z, const TensorView& temperature, TensorView& p) = 0;
  // dz = p·(dp − Σ_c dp·p)/T.
  virtual void softmax_backward(const TensorView& p, const TensorView& dp, const TensorView& temperature,
                                TensorView& dz) = 0;
  // y = log softmax(z/T).
  virtual void log_softmax_forward(const TensorView& z, const TensorView& temperature, TensorView& y) = 0;
  // dz = (dy − e^y·Σ_c dy)/T.
  virtual void log_softmax_backward(const TensorView& y, const TensorView& dy, const TensorView& temperature,
                                    TensorView& dz) = 0;
  // Hinton, Vinyals, Dean 2015, logits of student and teacher [B,C], in one pass:
  // loss[1] = T²·(1/B)·Σ_b KL(softmax(teacher/T) ‖ softmax(student/T)), dz[B,C] = T·(softmax(student/T) −
  // softmax(teacher/T))/B, the gradient of loss by the student's logits.
  virtual void softmax_kl(const TensorView& student, const TensorView& teacher, const TensorView& temperature,
                          TensorView& loss, TensorView& dz) = 0;
  // loss[1] = −(1/B)·Σ_b log softmax(z)[b, labels[b]], dz = (softmax(z) − onehot(labels))/B; labels [B] int32 in [0,C).
  // A label outside throws and names its row.
  virtual void cross_entropy(const TensorView& z, const TensorView& labels, TensorView& loss, TensorView& dz) = 0;
  // loss[1] = mean (x − target)², dx = 2·(x − target)/size; any one shape.
  virtual void mse(const TensorView& x, const TensorView& target, TensorView& loss, TensorView& dx) = 0;

  // ---- batch norm (Ioffe, Szegedy 2015), x [N,C] or [N,C,H,W]; gamma, beta, means and variances [C] ----

  // y = gamma·(x − mean)·inv_std + beta with the batch's own mean and variance (biased), kept in saved_mean and
  // saved_inv_std = 1/sqrt(variance + epsilon); in place: running = (1 − momentum)·running + momentum·batch, the
  // variance there unbiased.
  virtual void batch_norm_forward(const TensorView& x, const TensorView& gamma, const TensorView& beta,
                                  TensorView& running_mean, TensorView& running_variance, TensorView& y,
                                  TensorView& saved_mean, TensorView& saved_inv_std, float momentum, float epsilon) = 0;
  // y = gamma·(x − running_mean)/sqrt(running_variance + epsilon) + beta. y may be x.
  virtual void batch_norm_inference(const TensorView& x, const TensorView& gamma, const TensorView& beta,
                                    const TensorView& running_mean, const TensorView& running_variance, TensorView& y,
                                    float epsilon) = 0;
  virtual void batch_norm_backward(const TensorView& x, const TensorView& dy, const TensorView& gamma,
                                   const TensorView& saved_mean, const TensorView& saved_inv_std, TensorView& dx,
                                   TensorView& dgamma, TensorView& dbeta) = 0;

  // ---- layer norm (Ba, Kiros, Hinton 2016), x [B,C]; gamma and beta [C]; means and variances [B] ----

  // y = gamma·(x − mean)·inv_std + beta with each row's mean and biased variance, kept in saved_mean and saved_inv_std
  // = 1/sqrt(variance + epsilon).
  virtual void layer_norm_forward(const TensorView& x, const TensorView& gamma, const TensorView& beta, TensorView& y,
                                  TensorView& saved_mean, TensorView& saved_inv_std, float epsilon) = 0;
  virtual void layer_norm_backward(const TensorView& x, const TensorView& dy, const TensorView& gamma,
                                   const TensorView& saved_mean, const TensorView& saved_inv_std, TensorView& dx,
                                   TensorView& dgamma, TensorView& dbeta) = 0;

  // ---- embedding, table [V,D], indices int32 of any shape, y the shape of indices and then D ----

  // y[i] = table[indices[i]]. An index outside [0,V) throws and names its place.
  virtual void embedding_forward(const TensorView& table, const TensorView& indices, TensorView& y) = 0;
  // dtable[v] = Σ dy[i] over the places i with indices[i] = v, in the order of i.
  virtual void embedding_backward(const TensorView& dy, const TensorView& indices, TensorView& dtable) = 0;

  // ---- attention (Vaswani et al. 2017; in blocks as Dao 2023), q [B,H,S,D], k [B,H,S',D], v [B,H,S',D] ----

  // y[B,H,S,D] = softmax(scale·q·kᵀ + mask)·v over S'. causal: query s sees the keys up to s + S' − S (S ≤ S'). mask
  // [B,S'] is added to each query's scores, or null. log_sum[B,H,S] = log Σ e^score is kept for the way back. A query
  // that sees no key (its scores are all -infinity) has y = 0, log_sum = -infinity and gives no gradient.
  virtual void attention_forward(const TensorView& q, const TensorView& k, const TensorView& v, const TensorView* mask,
                                 TensorView& y, TensorView& log_sum, float scale, bool causal) = 0;
  virtual void attention_backward(const TensorView& q, const TensorView& k, const TensorView& v, const TensorView* mask,
                                  const TensorView& y, const TensorView& dy, const TensorView& log_sum, TensorView& dq,
                                  TensorView& dk, TensorView& dv, float scale, bool causal) = 0;

  // ---- optimisers: one pass over the weights, in place. learning_rate [1], gradient_scale [1] or null (1) ----

  // g = gradient_scale·dw + weight_decay·w; velocity = momentum·velocity + g; w −= learning_rate·(nesterov ? g +
  // momentum·velocity : velocity), as PyTorch. velocity may be null when momentum is 0.
  virtual void sgd_step(const TensorView& dw, const TensorView& learning_rate, const TensorView* gradient_scale,
                        TensorView& w, TensorView* velocity, float momentum, float weight_decay, bool nesterov) = 0;
  // Adam (Kingma, Ba 2015): g = gradient_scale·dw + (decoupled ? 0 : weight_decay·w); m = beta1·m + (1 − beta1)·g;
  // v = beta2·v + (1 − beta2)·g²; w −= learning_rate·(m/(1 − beta1^t))/(sqrt(v/(1 − beta2^t)) + epsilon), t = step [1],
  // counted from 1. decoupled is AdamW (Loshchilov, Hutter 2019): first w −= learning_rate·weight_decay·w.
  virtual void adam_step(const TensorView& dw, const TensorView& learning_rate, const TensorView& step,
                         const TensorView* gradient_scale, TensorView& w, TensorView& m, TensorView& v, float beta1,
                         float beta2, float epsilon, float weight_decay, bool decoupled) = 0;
};

}  // namespace retort
