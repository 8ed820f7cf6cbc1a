#include <cmath>

#include "table.h"

namespace retort {
namespace {

const Shape shapes[] = {{1}, {7}, {16}, {17}, {3, 5}, {64, 16, 3, 3}, {140009}};

}  // namespace

TEST_CASE("sgd_step_table_equalsReference") {
  struct Setting {
    bool scaled, fast;
    float momentum, weight_decay;
    bool nesterov;
  };
  const Setting settings[] = {{false, false, 0, 0, false},     {true, false, 0, 0.01f, false},
                              {false, true, 0, 0.01f, false},  {true, true, 0.9f, 0.01f, false},
                              {true, true, 0.9f, 0.01f, true}, {false, true, 0.5f, 0, true}};
  for (const Shape& shape : shapes) {
    for (size_t s = 0; s < sizeof(settings) / sizeof(settings[0]); ++s) {
      const Setting& set = settings[s];
      const float rate = 0.05f, scale = set.scaled ? 0.25f : 1.0f;
      ValueRow row;
      row.name = "sgd_step " + text_of(shape) + " setting " + std::to_string(s);
      Random random(row.name);
      row.inputs = {random.array(shape), scalar(rate), scalar(scale)};
      row.outputs = {random.array(shape), random.array(shape)};
      row.states = 2;
      row.call = [&](Kernels& k, Views& in, Views& out) {
        k.sgd_step(in[0], in[1], set.scaled ? &in[2] : nullptr, out[0], set.fast ? &out[1] : nullptr, set.momentum,
                   set.weight_decay, set.nesterov);
      };
      row.reference = [&](const Arrays& in, Arrays& out) {
        for (int64_t i = 0; i < out[0].size(); ++i) {
          double step = static_cast<double>(scale) * in[0][i] + static_cast<double>(set.weight_decay) * out[0][i];
          if (set.fast) {
            const double g = step;
            out[1][i] = static_cast<double>(set.momentum) * out[1][i] + g;
            step = set.nesterov ? g + static_cast<double>(set.momentum) * out[1][i] : out[1][i];
          }
          out[0][i] -= static_cast<double>(rate) * step;
        }
      };
      row.tolerance = tolerance::composed;
      check(row);
    }
  }
}

TEST_CASE("adam_step_table_equalsReference") {
  struct Setting {
    bool scaled;
    float step, weight_decay;
    bool decoupled;
  };
  const Setting settings[] = {{false, 1, 0, false},
                              {true, 1, 0.01f, false},
                              {false, 2, 0.01f, true},
                              {true, 1000, 0.01f, true},
                              {false, 100000, 0, false}};
  const float rate = 1e-3f, beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f;
  for (const Shape& shape : shapes) {
    for (size_t s = 0; s < sizeof(settings) / sizeof(settings[0]); ++s) {
      const Setting& set = settings[s];
      const float scale = set.scaled ? 0.25f : 1.0f;
      ValueRow row;
      row.name = "adam_step " + text_of(shape) + " setting " + std::to_string(s);
      Random random(row.name);
      row.inputs = {random.array(shape), scalar(rate), scalar(set.step), scalar(scale)};
      row.outputs = {random.array(shape), random.array(shape), random.array(shape, 0, 1)};
      row.states = 3;
      row.call = [&](Kernels& k, Views& in, Views& out) {
        k.adam_step(in[0], in[1], in[2], set.scaled ? &in[3] : nullptr, out[0], out[1], out[2], beta1, beta2, epsilon,
                    set.weight_decay, set.decoupled);
      };
      row.reference = [&](const Arrays& in, Arrays& out) {
        const double b1 = beta1, b2 = beta2, decay = set.weight_decay, lr = rate;
        for (int64_t i = 0; i < out[0].size(); ++i) {
          double& w = out[0][i];
          const double g = static_cast<double>(scale) * in[0][i] + (set.decoupled ? 0 : decay * w);
          if (set.decoupled) w -= lr * decay * w;
          out[1][i] = b1 * out[1][i] + (1 - b1) * g;
          out[2][i] = b2 * out[2][i] + (1 - b2) * g * g;
          const double m = out[1][i] / (1 - std::pow(b1, set.step)), v = out[2][i] / (1 - std::pow(b2, set.step));
          w -= lr * m / (std::sqrt(v) + static_cast<double>(epsilon));
        }
      };
      row.tolerance = tolerance::composed;
      check(row);
    }
  }
}

TEST_CASE("adam_step_zeroGradient_leavesTheWeights") {
  Buffer w(Random("still").array({37})), dw(zeros({37})), m(zeros({37})), v(zeros({37})), rate(scalar(1)),
      step(scalar(1));
  const std::vector<uint8_t> before = w.bytes();
  kernels(1).adam_step(dw.view(), rate.view(), step.view(), nullptr, w.view(), m.view(), v.view(), 0.9f, 0.999f, 1e-8f,
                       0, false);
  CHECK(w.bytes() == before);
}

TEST_CASE("adam_step_hundredSteps_reachTheMinimum") {
  // (w − 3)²: the sign of a wrong moment or correction would show as a drift.
  Buffer w(zeros({1})), dw(zeros({1})), m(zeros({1})), v(zeros({1})), rate(scalar(0.1)), step(scalar(1));
  for (int t = 1; t <= 600; ++t) {
    *static_cast<float*>(step.view().data) = static_cast<float>(t);
    *static_cast<float*>(dw.view().data) = static_cast<float>(2 * (w.get(0) - 3));
    kernels(1).adam_step(dw.view(), rate.view(), step.view(), nullptr, w.view(), m.view(), v.view(), 0.9f, 0.999f,
                         1e-8f, 0, false);
  }
  CHECK(std::fabs(w.get(0) - 3) < 1e-2);
}

TEST_CASE("optimizer_wrongTensors_areRefused") {
  Buffer w(zeros({3})), other(zeros({4})), rate(scalar(1)), zero(scalar(0)), two(zeros({2}));
  CHECK(refusal([&](Kernels& k) { k.sgd_step(other.view(), rate.view(), nullptr, w.view(), nullptr, 0, 0, false); }) ==
        "[sgd_step] w and dw must have one shape: [3] float32 and [4] float32");
  CHECK(refusal([&](Kernels& k) { k.sgd_step(w.view(), rate.view(), nullptr, w.view(), nullptr, 0.5f, 0, false); }) ==
        "[sgd_step] momentum must be 0 without a velocity: 0.5");
  CHECK(refusal([&](Kernels& k) { k.sgd_step(w.view(), two.view(), nullptr, w.view(), nullptr, 0, 0, false); }) ==
        "[sgd_step] learning_rate must be [1]: [2] float32");
  auto adam = [&](TensorView& step, TensorView& m, float beta1) {
    return refusal([&](Kernels& k) {
      k.adam_step(w.view(), rate.view(), step, nullptr, w.view(), m, w.view(), beta1, 0.999f, 1e-8f, 0, false);
    });
  };
  CHECK(adam(zero.view(), w.view(), 0.9f) == "[adam_step] step must be 1 or more: 0");
  CHECK(adam(rate.view(), other.view(), 0.9f) ==
        "[adam_step] w and m must have one shape: [3] float32 and [4] float32");
  CHECK(adam(rate.view(), w.view(), 1.0f) == "[adam_step] beta1 must be in [0, 1): 1");
}

}  // namespace retort
