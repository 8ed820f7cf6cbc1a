#include <cmath>

#include "table.h"

namespace retort {
namespace {

struct Op {
  BinaryOp op;
  std::string name;
  double (*f)(double, double);
};

const Op ops[] = {
    {BinaryOp::add, "add", [](double a, double b) { return a + b; }},
    {BinaryOp::subtract, "subtract", [](double a, double b) { return a - b; }},
    {BinaryOp::multiply, "multiply", [](double a, double b) { return a * b; }},
    {BinaryOp::divide, "divide", [](double a, double b) { return a / b; }},
    {BinaryOp::maximum, "maximum", [](double a, double b) { return a > b ? a : b; }},
    {BinaryOp::minimum, "minimum", [](double a, double b) { return a < b ? a : b; }},
};

struct Shapes {
  Shape a, b, y;
};

const Shapes table[] = {
    {{1}, {1}, {1}},
    {{17}, {17}, {17}},
    {{17}, {1}, {17}},
    {{1}, {17}, {17}},
    {{64, 10}, {64, 1}, {64, 10}},
    {{64, 10}, {1, 10}, {64, 10}},
    {{64, 1}, {1, 10}, {64, 10}},
    {{1}, {64, 10}, {64, 10}},
    {{1, 1}, {3, 5}, {3, 5}},
    {{1}, {1}, {2, 3}},
    {{2, 3, 5, 7}, {1, 3, 1, 1}, {2, 3, 5, 7}},
    {{2, 3, 5, 7}, {2, 1, 5, 1}, {2, 3, 5, 7}},
    {{2, 1, 5, 1}, {1, 3, 1, 7}, {2, 3, 5, 7}},
    {{2, 3, 1, 2, 1, 3}, {1, 3, 2, 1, 2, 3}, {2, 3, 2, 2, 2, 3}},
    {{40009}, {40009}, {40009}},
    {{300, 211}, {300, 1}, {300, 211}},
    {{40, 12}, {1, 12}, {40, 12}},
    {{40, 1}, {40, 12}, {40, 12}},
    {{5, 1, 8}, {1, 7, 8}, {5, 7, 8}},
    {{130, 128}, {1, 128}, {130, 128}},
    {{130, 128}, {130, 1}, {130, 128}},
};

// Where value i of y stands in an operand.
int64_t place(const Shape& operand, const Shape& y, int64_t i) {
  if (size_of(operand) == 1) return 0;
  int64_t at = 0, stride = 1;
  for (size_t d = y.size(); d-- > 0;) {
    if (operand[d] != 1) at += i % y[d] * stride;
    stride *= operand[d];
    i /= y[d];
  }
  return at;
}

}  // namespace

TEST_CASE("binary_table_equalsReference") {
  for (const Op& op : ops) {
    for (const Shapes& shapes : table) {
      ValueRow row;
      row.name = std::string("binary ") + op.name + " " + text_of(shapes.a) + " " + text_of(shapes.b);
      Random random(row.name);
      row.inputs = {random.array(shapes.a), random.array(shapes.b, 0.25, 2)};
      row.outputs = {zeros(shapes.y)};
      row.call = [&](Kernels& k, Views& in, Views& out) { k.binary(in[0], in[1], out[0], op.op); };
      row.reference = [&](const Arrays& in, Arrays& out) {
        for (int64_t i = 0; i < out[0].size(); ++i) {
          out[0][i] = op.f(in[0][place(shapes.a, shapes.y, i)], in[1][place(shapes.b, shapes.y, i)]);
        }
      };
      row.tolerance = tolerance::elementwise;
      row.in_place = shapes.a == shapes.y ? 0 : shapes.b == shapes.y ? 1 : -1;
      check(row);
    }
  }
}

TEST_CASE("binary_maximumOfNaN_isNaN") {
  const double nan = std::nan("");
  for (BinaryOp op : {BinaryOp::maximum, BinaryOp::minimum}) {
    Buffer a(array_of({3}, {nan, 1, nan})), b(array_of({3}, {1, nan, nan})), y(zeros({3}));
    kernels(1).binary(a.view(), b.view(), y.view(), op);
    for (int64_t i = 0; i < 3; ++i) CHECK(std::isnan(y.get(i)));
  }
}

TEST_CASE("binary_wrongShapes_areRefused") {
  Buffer a(zeros({2, 3})), b(zeros({4, 3})), y(zeros({2, 3})), flat(zeros({3}));
  CHECK(refusal([&](Kernels& k) { k.binary(a.view(), b.view(), y.view(), BinaryOp::add); }) ==
        "[binary] b must broadcast to y: [4, 3] float32 to [2, 3] float32");
  CHECK(refusal([&](Kernels& k) { k.binary(flat.view(), a.view(), y.view(), BinaryOp::add); }) ==
        "[binary] a must broadcast to y: [3] float32 to [2, 3] float32");
  CHECK(refusal([&](Kernels& k) { k.binary(a.view(), a.view(), y.view(), static_cast<BinaryOp>(-1)); }) ==
        "[binary] op must be 0 to 5: -1");
}

}  // namespace retort
