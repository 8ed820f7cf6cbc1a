// A step of the recipe mnist's phase `distill` with the teacher asked in each step: the list of calls that the graph
// makes of it (teacher forward; student forward; 0.7 of softmax_kl at 4 and 0.3 of cross_entropy; back; Adam), on a GPU
// captured once and replayed.
#include "bench.h"

namespace retort {
namespace {

const Window three(3, 3, 1, 1, 0, 0), by_two(2, 2, 2, 2, 0, 0);

// A parameter with its gradient and its moments.
struct Parameter {
  Owned w, dw, m, v;

  explicit Parameter(const std::vector<int64_t>& dims, double fan_in)
      : w(dims), dw(dims, DType::float32, Fill::poison), m(dims), v(dims) {
    for (int64_t i = 0; i < w.view.size(); ++i) {
      w.set(i, static_cast<float>(w[i] / std::sqrt(fan_in)));
      m.set(i, 0);
      v.set(i, 0);
    }
    for (Owned* each : {&w, &m, &v}) each->send();
  }
};

class Step {
 public:
  Step(int64_t batch, Kernels& kernels)
      : n_(batch),
        kernels_(kernels),
        images_({n_, 1, 28, 28}),
        labels_({n_}, DType::int32),
        rate_(scalar(1e-3f)),
        count_(scalar(1)),
        one_(scalar(1)),
        temperature_(scalar(4)),
        soft_(scalar(0.7f)),
        hard_(scalar(0.3f)) {
    for (int64_t i = 0; i < n_; ++i) labels_.set(i, static_cast<float>(i % 10));
    labels_.send();
  }

  void run() {
    const TensorView& teacher = teacher_forward();
    student_forward();
    kernels_.softmax_kl(z_.view, teacher, temperature_.view, soft_loss_.view, soft_dz_.view);
    kernels_.cross_entropy(z_.view, labels_.view, hard_loss_.view, hard_dz_.view);
    kernels_.binary(soft_dz_.view, soft_.view, soft_dz_.view, BinaryOp::multiply);
    kernels_.binary(hard_dz_.view, hard_.view, hard_dz_.view, BinaryOp::multiply);
    kernels_.binary(soft_dz_.view, hard_dz_.view, dz_.view, BinaryOp::add);
    student_backward();
    for (Parameter* p : {&conv_w_, &conv_b_, &fc1_w_, &fc1_b_, &fc2_w_, &fc2_b_}) {
      kernels_.adam_step(p->dw.view, rate_.view, count_.view, nullptr, p->w.view, p->m.view, p->v.view, 0.9f, 0.999f,
                         1e-8f, 0, false);
    }
    kernels_.binary(count_.view, one_.view, count_.view, BinaryOp::add);
  }

  // The losses, before their weights.
  float soft_loss() { return value(soft_loss_); }
  float hard_loss() { return value(hard_loss_); }
  // The losses of the logits that are there, in double.
  void check_losses() {
    z_.fetch();
    answer_.fetch();
    soft_loss_.fetch();
    hard_loss_.fetch();
    Reference soft, hard;
    for (int64_t r = 0; r < n_; ++r) {
      double of_student = 0, of_teacher = 0, plain = 0;
      for (int64_t c = 10 * r; c < 10 * (r + 1); ++c) {
        of_student += std::exp(double{z_[c]} / 4);
        of_teacher += std::exp(double{answer_[c]} / 4);
        plain += std::exp(double{z_[c]});
      }
      for (int64_t c = 10 * r; c < 10 * (r + 1); ++c) {
        const double p = std::exp(double{answer_[c]} / 4) / of_teacher;
        soft.add(16 * p * (std::log(p) - z_[c] / 4 + std::log(of_student)) / static_cast<double>(n_));
        soft.magnitude += 16 * p / static_cast<double>(n_);
      }
      hard.add((std::log(plain) - double{z_[10 * r + r % 10]}) / static_cast<double>(n_));
    }
    check("soft loss", 0, soft_loss_[0], soft);
    check("hard loss", 0, hard_loss_[0], hard);
  }

 private:
  static Owned scalar(float value) {
    Owned made({1});
    made.set(0, value);
    made.send();
    return made;
  }
  static float value(Owned& tensor) {
    tensor.fetch();
    return tensor[0];
  }
  Owned space(const std::vector<int64_t>& dims, DType dtype = DType::float32) {
    return Owned(dims, dtype, Fill::poison);
  }

  const TensorView& teacher_forward() {
    kernels_.conv2d_forward(images_.view, t_conv1_w_.view, &t_conv1_b_.view, t_conv1_.view, three, 1, Activation::relu);
    kernels_.conv2d_forward(t_conv1_.view, t_conv2_w_.view, &t_conv2_b_.view, t_conv2_.view, three, 1,
                            Activation::relu);
    const int64_t flat[] = {n_, 36864};
    const TensorView rows(t_conv2_.view.data, DType::float32, 2, flat);
    kernels_.matmul(rows, t_fc1_w_.view, &t_fc1_b_.view, t_fc1_.view, false, true, Activation::relu);
    kernels_.matmul(t_fc1_.view, t_fc2_w_.view, &t_fc2_b_.view, t_fc2_.view, false, true, Activation::relu);
    kernels_.matmul(t_fc2_.view, t_fc3_w_.view, &t_fc3_b_.view, answer_.view, false, true, Activation::none);
    return answer_.view;
  }

  void student_forward() {
    kernels_.conv2d_max_pool2d_forward(images_.view, conv_w_.w.view, &conv_b_.w.view, pooled_.view, &index_.view, three,
                                       1, Activation::relu, by_two);
    kernels_.matmul(rows(pooled_), fc1_w_.w.view, &fc1_b_.w.view, fc1_.view, false, true, Activation::relu);
    kernels_.matmul(fc1_.view, fc2_w_.w.view, &fc2_b_.w.view, z_.view, false, true, Activation::none);
  }

  void student_backward() {
    kernels_.bias_backward(dz_.view, fc2_b_.dw.view);
    kernels_.matmul(dz_.view, fc1_.view, nullptr, fc2_w_.dw.view, true, false, Activation::none);
    kernels_.matmul(dz_.view, fc2_w_.w.view, nullptr, dfc1_.view, false, false, Activation::none);
    kernels_.unary_backward(fc1_.view, fc1_.view, dfc1_.view, dfc1_.view, UnaryOp::relu);
    kernels_.bias_backward(dfc1_.view, fc1_b_.dw.view);
    kernels_.matmul(dfc1_.view, rows(pooled_), nullptr, fc1_w_.dw.view, true, false, Activation::none);
    TensorView dpooled = rows(dpooled_);
    kernels_.matmul(dfc1_.view, fc1_w_.w.view, nullptr, dpooled, false, false, Activation::none);
    kernels_.unary_backward(pooled_.view, pooled_.view, dpooled_.view, dpooled_.view, UnaryOp::relu);
    kernels_.max_pool2d_backward(dpooled_.view, index_.view, dconv_.view, by_two);
    kernels_.bias_backward(dconv_.view, conv_b_.dw.view);
    kernels_.conv2d_backward_weight(images_.view, dconv_.view, conv_w_.dw.view, three, 1);
  }

  TensorView rows(Owned& planes) const {
    const int64_t flat[] = {n_, 2704};
    return TensorView(planes.view.data, DType::float32, 2, flat);
  }
  // Weights of a model that stays as it is.
  static Owned frozen(const std::vector<int64_t>& dims, double fan_in) {
    Owned made(dims);
    for (int64_t i = 0; i < made.view.size(); ++i) made.set(i, static_cast<float>(made[i] * std::sqrt(6 / fan_in)));
    made.send();
    return made;
  }

  const int64_t n_;
  Kernels& kernels_;
  Owned images_, labels_, rate_, count_, one_, temperature_, soft_, hard_;
  Owned t_conv1_w_ = frozen({32, 1, 3, 3}, 9), t_conv1_b_ = frozen({32}, 9), t_conv1_ = space({n_, 32, 26, 26});
  Owned t_conv2_w_ = frozen({64, 32, 3, 3}, 288), t_conv2_b_ = frozen({64}, 288), t_conv2_ = space({n_, 64, 24, 24});
  Owned t_fc1_w_ = frozen({256, 36864}, 36864), t_fc1_b_ = frozen({256}, 36864), t_fc1_ = space({n_, 256});
  Owned t_fc2_w_ = frozen({128, 256}, 256), t_fc2_b_ = frozen({128}, 256), t_fc2_ = space({n_, 128});
  Owned t_fc3_w_ = frozen({10, 128}, 128), t_fc3_b_ = frozen({10}, 128), answer_ = space({n_, 10});
  Parameter conv_w_{{16, 1, 3, 3}, 9}, conv_b_{{16}, 9}, fc1_w_{{64, 2704}, 2704}, fc1_b_{{64}, 2704},
      fc2_w_{{10, 64}, 64}, fc2_b_{{10}, 64};
  Owned pooled_ = space({n_, 16, 13, 13}), index_ = space({n_, 16, 13, 13}, DType::int32), fc1_ = space({n_, 64}),
        z_ = space({n_, 10});
  Owned soft_loss_ = space({1}), hard_loss_ = space({1}), soft_dz_ = space({n_, 10}), hard_dz_ = space({n_, 10}),
        dz_ = space({n_, 10});
  Owned dfc1_ = space({n_, 64}), dpooled_ = space({n_, 16, 13, 13}), dconv_ = space({n_, 16, 26, 26});
};

void run(int64_t batch, int32_t threads, Precision precision) {
  Kernels& kernels = retort::kernels(threads, precision);
  Step step(batch, kernels);
  step.run();
  step.check_losses();
  const float soft = step.soft_loss(), hard = step.hard_loss();
  for (int i = 0; i < 50; ++i) step.run();
  // The same batch again and again: what does not learn it has a wrong gradient somewhere.
  if (!(0.7f * step.soft_loss() + 0.3f * step.hard_loss() < 0.9f * (0.7f * soft + 0.3f * hard))) {
    std::printf("the step does not learn: soft %g to %g, hard %g to %g\n", static_cast<double>(soft),
                static_cast<double>(step.soft_loss()), static_cast<double>(hard),
                static_cast<double>(step.hard_loss()));
    std::exit(1);
  }
  const double seconds = seconds_of_step(kernels, [&] { step.run(); });
  const std::string name = std::string("distillation step ") + name_of(precision) + ", batch " + std::to_string(batch);
  std::printf("%-60s %10.2f us %10.0f samples/s\n", name.c_str(), seconds * 1e6, static_cast<double>(batch) / seconds);
  Record("distillation", name)
      .with("precision", name_of(precision))
      .with("batch", batch)
      .with("seconds", seconds)
      .write();
}

}  // namespace
}  // namespace retort

int main() {
  using namespace retort;
  std::printf("%s\n", describe_backend().c_str());
  if (on_gpu()) {
    for (const Precision precision : {Precision::float32, Precision::tf32, Precision::bfloat16}) run(256, 2, precision);
  } else {
    for (int32_t threads = 1; threads <= 2; ++threads) run(64, threads, Precision::float32);
  }
}
