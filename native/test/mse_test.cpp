#include <cmath>

#include "losses.h"

namespace retort {

TEST_CASE("mse_table_equalsReference") {
  for (const Shape& shape :
       {Shape{1}, Shape{17}, Shape{64, 10}, Shape{2, 3, 5, 7}, Shape{1, 1, 1, 1, 1, 3}, Shape{31013}, Shape{1024}}) {
    LossRow row;
    row.name = "mse " + text_of(shape);
    Random random(row.name);
    row.inputs = {random.array(shape), random.array(shape)};
    row.loss = [](const Arrays& in) {
      double total = 0;
      for (int64_t i = 0; i < in[0].size(); ++i) total += (in[0][i] - in[1][i]) * (in[0][i] - in[1][i]);
      return total / static_cast<double>(in[0].size());
    };
    row.call = [](Kernels& k, Views& in, TensorView& loss, TensorView& dx) { k.mse(in[0], in[1], loss, dx); };
    check(row);
  }
}

TEST_CASE("mse_wrongShapes_areRefused") {
  Buffer x(zeros({2, 3})), target(zeros({3, 2})), loss(zeros({1}));
  CHECK(refusal([&](Kernels& k) { k.mse(x.view(), target.view(), loss.view(), x.view()); }) ==
        "[mse] x and target must have one shape: [2, 3] float32 and [3, 2] float32");
}

}  // namespace retort
