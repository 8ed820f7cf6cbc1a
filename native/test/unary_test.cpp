#include <cmath>
#include <cstring>
#include <limits>

#include "table.h"

namespace retort {
namespace {

struct Op {
  UnaryOp op;
  std::string name;
  double low, high;
  double (*f)(double);
};

double normal_below(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

const Op ops[] = {
    {UnaryOp::relu, "relu", -2, 2, [](double x) { return x <= 0 ? 0 : x; }},
    {UnaryOp::gelu, "gelu", -6, 6, [](double x) { return x < -40 ? 0 : x * normal_below(x); }},
    {UnaryOp::exp, "exp", -20, 3, [](double x) { return std::exp(x); }},
    {UnaryOp::log, "log", 0.01, 5, [](double x) { return std::log(x); }},
    {UnaryOp::sqrt, "sqrt", 0.01, 5, [](double x) { return std::sqrt(x); }},
    {UnaryOp::square, "square", -2, 2, [](double x) { return x * x; }},
    {UnaryOp::negate, "negate", -2, 2, [](double x) { return -x; }},
    {UnaryOp::absolute, "absolute", -2, 2, [](double x) { return std::fabs(x); }},
    {UnaryOp::reciprocal, "reciprocal", 0.2, 3, [](double x) { return 1 / x; }},
    {UnaryOp::sigmoid, "sigmoid", -8, 8, [](double x) { return 1 / (1 + std::exp(-x)); }},
    {UnaryOp::tanh, "tanh", -4, 4, [](double x) { return std::tanh(x); }},
    {UnaryOp::huber, "huber", -3, 3, [](double x) { return std::fabs(x) <= 1 ? x * x / 2 : std::fabs(x) - 0.5; }},
};

const Shape shapes[] = {{1},    {2}, {7}, {16}, {17}, {3, 5}, {1, 31, 1}, {64, 10}, {2, 3, 5, 7}, {1, 2, 1, 3, 1, 37},
                        {20011}};

// Values on both sides, at and beyond every limit that a function could have.
std::vector<double> special_values() {
  const double infinity = std::numeric_limits<double>::infinity();
  return {0.0,    -0.0,           1.0,     -1.0,    infinity, -infinity, std::nan(""), 1e-45,      -1e-45,
          1e-39,  1.17549435e-38, 3e38,    -3e38,   88.7f,    88.73f,    89.5f,        -87.3f,     -87.5f,
          -95.0f, -103.9f,        -104.5f, -200.0f, 1e4f,     -1e4f,     0.625f,       -0.625f,    0.6249f,
          9.1f,   -9.1f,          -5.5f,   -12.9f,  15.5f,    0.5f,      1.5f,         16777216.0f};
}

// Units of the last place between two floats, subnormals included.
double units_between(float a, double want) {
  const float b = static_cast<float>(want);
  if (a == b || (std::isnan(a) && std::isnan(b))) return 0;
  if (!std::isfinite(a) || !std::isfinite(b)) return 1e30;
  const double step = std::nextafter(std::fabs(b), std::numeric_limits<float>::infinity()) - std::fabs(b);
  return std::fabs(static_cast<double>(a) - want) / step;
}

double worst_units(const Op& op, const Array& x) {
  Buffer in(x), out(zeros(x.shape));
  kernels(1).unary_forward(in.view(), out.view(), op.op);
  double worst = 0;
  for (int64_t i = 0; i < x.size(); ++i) {
    const double units = units_between(static_cast<float>(out.get(i)), op.f(in.get(i)));
    if (units > worst) worst = units;
  }
  return worst;
}

}  // namespace

TEST_CASE("unary_forward_table_equalsReference") {
  for (const Op& op : ops) {
    for (const Shape& shape : shapes) {
      ValueRow row;
      row.name = std::string("unary_forward ") + op.name + " " + text_of(shape);
      row.inputs = {Random(row.name).array(shape, op.low, op.high)};
      row.outputs = {zeros(shape)};
      row.call = [&](Kernels& k, Views& in, Views& out) { k.unary_forward(in[0], out[0], op.op); };
      row.reference = [&](const Arrays& in, Arrays& out) {
        for (int64_t i = 0; i < in[0].size(); ++i) out[0][i] = op.f(in[0][i]);
      };
      row.tolerance = tolerance::elementwise;
      row.in_place = 0;
      check(row);
    }
  }
}

TEST_CASE("unary_backward_table_equalsDifferences") {
  for (const Op& op : ops) {
    for (const Shape& shape : shapes) {
      GradientRow row;
      row.name = std::string("unary_backward ") + op.name + " " + text_of(shape);
      row.inputs = {Random(row.name).array(shape, op.low, op.high)};
      row.y = shape;
      row.forward = [&](const Arrays& in) {
        std::vector<double> y;
        for (double x : in[0].values) y.push_back(op.f(x));
        return y;
      };
      row.call = [&](Kernels& k, Views& in, TensorView& dy, Views& gradients) {
        Buffer y(zeros(shape));
        k.unary_forward(in[0], y.view(), op.op);
        k.unary_backward(in[0], y.view(), dy, gradients[0], op.op);
        // dx may be dy.
        Buffer again(row.inputs[0]);
        std::memcpy(again.view().data, dy.data, 4 * static_cast<size_t>(dy.size()));
        k.unary_backward(in[0], y.view(), again.view(), again.view(), op.op);
        CHECK(std::memcmp(again.view().data, gradients[0].data, 4 * static_cast<size_t>(dy.size())) == 0);
      };
      check(row);
    }
  }
}

TEST_CASE("unary_backward_unreadTensor_mayHoldAnything") {
  for (const Op& op : ops) {
    const bool reads_y = op.op == UnaryOp::relu || op.op == UnaryOp::exp || op.op == UnaryOp::sqrt ||
                         op.op == UnaryOp::reciprocal || op.op == UnaryOp::sigmoid || op.op == UnaryOp::tanh;
    Random random(op.name);
    Buffer x(random.array({37}, op.low, op.high)), dy(random.array({37})), y(zeros({37}));
    kernels(1).unary_forward(x.view(), y.view(), op.op);
    Buffer want(zeros({37})), got(zeros({37}));
    kernels(1).unary_backward(x.view(), y.view(), dy.view(), want.view(), op.op);
    (reads_y ? x : y).poison();
    kernels(1).unary_backward(x.view(), y.view(), dy.view(), got.view(), op.op);
    CHECK_MESSAGE(got.bytes() == want.bytes(), op.name);
  }
}

TEST_CASE("unary_forward_specialValues_staysWithinUnits") {
  const std::vector<double> values = special_values();
  for (const Op& op : ops) {
    // Alone as well as among others: remainders of a vector take another path than its body.
    for (double value : values) {
      const double units = worst_units(op, array_of({1}, {value}));
      // sigmoid of large negative numbers is 0 where the true value is subnormal.
      const bool vanishing = op.op == UnaryOp::sigmoid && value < -87;
      CHECK_MESSAGE((units <= 4 || (vanishing && units < 1e8)), op.name, " of ", value, ": ", units, " units");
    }
    Array many = zeros({static_cast<int64_t>(64 * values.size())});
    for (int64_t i = 0; i < many.size(); ++i) many[i] = values[static_cast<size_t>(i) % values.size()];
    if (op.op != UnaryOp::sigmoid) CHECK_MESSAGE(worst_units(op, many) <= 4, op.name);
  }
}

TEST_CASE("unary_forward_sweepOfFloats_staysWithinUnits") {
  struct Range {
    UnaryOp op;
    double low, high, units;
  };
  const Range ranges[] = {
      {UnaryOp::exp, -103, 88.7, 1.5}, {UnaryOp::log, 1e-40, 1e-30, 1.5}, {UnaryOp::log, 0.2, 4, 1.5},
      {UnaryOp::log, 10, 1e30, 1.5},   {UnaryOp::tanh, -10, 10, 3},       {UnaryOp::tanh, -0.01, 0.01, 3},
      {UnaryOp::sigmoid, -80, 20, 3},  {UnaryOp::gelu, -12, 12, 6},       {UnaryOp::gelu, -1, 1, 6}};
  for (const Range& range : ranges) {
    const Op& op = ops[static_cast<size_t>(range.op)];
    const double units = worst_units(op, Random(op.name).array({60000}, range.low, range.high));
    CHECK_MESSAGE(units <= range.units, op.name, " on [", range.low, ", ", range.high, "]: ", units, " units");
  }
}

TEST_CASE("unary_backward_atTheCorner_isZero") {
  Buffer x(array_of({3}, {0, 0, 0})), dy(array_of({3}, {5, -5, 1})), dx(zeros({3}));
  for (UnaryOp op : {UnaryOp::relu, UnaryOp::absolute}) {
    dx.poison();
    kernels(1).unary_backward(x.view(), x.view(), dy.view(), dx.view(), op);
    for (int64_t i = 0; i < 3; ++i) CHECK(dx.get(i) == 0);
  }
}

TEST_CASE("unary_wrongTensors_areRefused") {
  Buffer a(zeros({2, 3})), b(zeros({3, 2})), whole(zeros({2, 3}, DType::int32));
  TensorView& x = a.view();
  CHECK(refusal([&](Kernels& k) { k.unary_forward(x, b.view(), UnaryOp::relu); }) ==
        "[unary_forward] x and y must have one shape: [2, 3] float32 and [3, 2] float32");
  CHECK(refusal([&](Kernels& k) { k.unary_forward(whole.view(), x, UnaryOp::relu); }) ==
        "[unary_forward] x must be float32: [2, 3] int32");
  CHECK(refusal([&](Kernels& k) { k.unary_forward(x, x, static_cast<UnaryOp>(12)); }) ==
        "[unary_forward] op must be 0 to 11: 12");
  CHECK(refusal([&](Kernels& k) { k.unary_backward(x, x, b.view(), x, UnaryOp::exp); }) ==
        "[unary_backward] x and dy must have one shape: [2, 3] float32 and [3, 2] float32");
  TensorView empty = x;
  empty.dims[0] = 0;
  CHECK(refusal([&](Kernels& k) { k.unary_forward(empty, empty, UnaryOp::relu); }) ==
        "[unary_forward] x must not be empty: [0, 3]");
  CHECK(refusal([&](Kernels& k) {
          TensorView none;
          k.unary_forward(none, x, UnaryOp::relu);
        }) == "[unary_forward] x must have memory: null");
}

}  // namespace retort
