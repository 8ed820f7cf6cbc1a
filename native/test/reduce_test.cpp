#include <cmath>

#include "table.h"

namespace retort {
namespace {

const struct {
  ReduceOp op;
  std::string name;
} ops[] = {{ReduceOp::sum, "sum"},
           {ReduceOp::mean, "mean"},
           {ReduceOp::max, "max"},
           {ReduceOp::sum_of_squares, "sum_of_squares"}};

const struct {
  Shape x, y;
} table[] = {
    {{1}, {1}},
    {{17}, {1}},
    {{17}, {17}},
    {{64, 10}, {64, 1}},
    {{64, 10}, {1, 10}},
    {{64, 10}, {1}},
    {{64, 10}, {1, 1}},
    {{64, 10}, {64, 10}},
    {{2, 3, 5, 7}, {1, 3, 1, 1}},
    {{2, 3, 5, 7}, {2, 1, 5, 1}},
    {{2, 3, 5, 7}, {1, 3, 1, 7}},
    {{2, 3, 5, 7}, {2, 3, 1, 1}},
    {{3, 2, 5, 2, 3, 7}, {1, 2, 1, 2, 1, 7}},
    {{3, 2, 5, 2, 3, 7}, {3, 1, 5, 1, 3, 1}},
    {{1, 7, 1, 1}, {1, 1, 1, 1}},
    {{100003}, {1}},
    {{301, 307}, {1, 307}},
    {{301, 307}, {301, 1}},
    {{3, 1100}, {3, 1}},
    {{3, 20003}, {3, 1}},
    {{6, 5000}, {1}},
    {{2, 3, 1500}, {1, 3, 1}},
    {{700, 132}, {1, 132}},
    {{5000, 2}, {1, 2}},
    {{2, 90, 130}, {2, 1, 130}},
};

}  // namespace

TEST_CASE("reduce_table_equalsReference") {
  for (const auto& op : ops) {
    for (const auto& shapes : table) {
      ValueRow row;
      row.name = std::string("reduce ") + op.name + " " + text_of(shapes.x) + " to " + text_of(shapes.y);
      row.inputs = {Random(row.name).array(shapes.x)};
      row.outputs = {zeros(shapes.y)};
      const int64_t terms = size_of(shapes.x) / size_of(shapes.y);
      row.call = [&](Kernels& k, Views& in, Views& out) { k.reduce(in[0], out[0], op.op); };
      row.reference = [&](const Arrays& in, Arrays& out) {
        Array& y = out[0];
        for (double& value : y.values) value = op.op == ReduceOp::max ? -INFINITY : 0;
        for (int64_t i = 0; i < in[0].size(); ++i) {
          int64_t at = 0, stride = 1, rest = i;
          for (size_t d = shapes.x.size(); d-- > 0 && y.size() > 1;) {
            if (shapes.y[d] != 1) at += rest % shapes.x[d] * stride;
            stride *= shapes.y[d];
            rest /= shapes.x[d];
          }
          const double x = in[0][i];
          y[at] = op.op == ReduceOp::max ? std::max(y[at], x) : y[at] + (op.op == ReduceOp::sum_of_squares ? x * x : x);
        }
        if (op.op == ReduceOp::mean) {
          for (double& value : y.values) value /= static_cast<double>(terms);
        }
      };
      row.tolerance = op.op == ReduceOp::max ? tolerance::exact : tolerance::sum(terms);
      check(row);
    }
  }
}

TEST_CASE("reduce_manyEqualTerms_losesNothing") {
  // A float accumulator alone would stop at 2^24 · 0.1.
  const int64_t n = 3000017;
  Array x = zeros({n, 1});
  for (double& value : x.values) value = 0.1f;
  Buffer in(x), out(zeros({1}));
  kernels(2).reduce(in.view(), out.view(), ReduceOp::sum);
  CHECK_MESSAGE(std::abs(out.get(0) / (static_cast<double>(0.1f) * n) - 1) < 1e-6, out.get(0));
}

TEST_CASE("reduce_nan_isSeenByEveryOp") {
  for (const auto& op : ops) {
    for (const Shape& y : {Shape{1}, Shape{5, 1}, Shape{1, 7}}) {
      Array x = Random("nan").array({5, 7});
      x[10] = std::nan("");
      Buffer in(x), out(zeros(y));
      kernels(1).reduce(in.view(), out.view(), op.op);
      const int64_t at = size_of(y) == 1 ? 0 : size_of(y) == 5 ? 10 / 7 : 10 % 7;
      CHECK_MESSAGE(std::isnan(out.get(at)), op.name, " to ", text_of(y));
    }
  }
}

TEST_CASE("reduce_wrongShapes_areRefused") {
  Buffer x(zeros({2, 3})), y(zeros({2, 2})), flat(zeros({2}));
  CHECK(refusal([&](Kernels& k) { k.reduce(x.view(), y.view(), ReduceOp::sum); }) ==
        "[reduce] y must be [1] or have x's dimension or 1 in every place: [2, 3] float32 to [2, 2] float32");
  CHECK(refusal([&](Kernels& k) { k.reduce(x.view(), flat.view(), ReduceOp::sum); }) ==
        "[reduce] y must be [1] or have x's dimension or 1 in every place: [2, 3] float32 to [2] float32");
  CHECK(refusal([&](Kernels& k) { k.reduce(x.view(), x.view(), static_cast<ReduceOp>(4)); }) ==
        "[reduce] op must be 0 to 3: 4");
}

}  // namespace retort
