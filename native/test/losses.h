// A loss gives its value and its gradient in one call: both against the reference.
#pragma once

#include "table.h"

namespace retort {

struct LossRow {
  std::string name;
  // Input 0 is what the gradient is by.
  Arrays inputs;
  std::function<double(const Arrays& in)> loss;
  std::function<void(Kernels&, Views& in, TensorView& loss, TensorView& gradient)> call;
};

inline void check(const LossRow& row) {
  ValueRow value;
  value.name = row.name;
  value.inputs = row.inputs;
  value.outputs = {zeros({1})};
  value.call = [&](Kernels& k, Views& in, Views& out) {
    Buffer gradient(row.inputs[0]);
    gradient.poison();
    row.call(k, in, out[0], gradient.view());
    CHECK(gradient.guards_intact());
  };
  value.reference = [&](const Arrays& in, Arrays& out) { out[0][0] = row.loss(in); };
  value.tolerance = tolerance::composed;
  check(value);

  // The kernel's gradient is the one for dy = 1; the table's dy scales it.
  GradientRow gradient;
  gradient.name = row.name;
  gradient.inputs = row.inputs;
  gradient.y = {1};
  gradient.forward = [&](const Arrays& in) { return std::vector<double>{row.loss(in)}; };
  gradient.call = [&](Kernels& k, Views& in, TensorView& dy, Views& gradients) {
    Buffer loss(zeros({1}));
    row.call(k, in, loss.view(), gradients[0]);
    float* values = static_cast<float*>(gradients[0].data);
    for (int64_t i = 0; i < gradients[0].size(); ++i) values[i] *= *static_cast<const float*>(dy.data);
  };
  check(gradient);
}

}  // namespace retort
