#include <cmath>

#include "table.h"

namespace retort {
namespace {

Array bytes(Random& random, const Shape& shape) {
  Array array = random.array(shape, -128, 128);
  for (double& value : array.values) value = std::floor(value);
  array.dtype = DType::int8;
  return array;
}

ValueRow row_of(int64_t m, int64_t n, int64_t k, bool biased, Activation activation) {
  ValueRow row;
  row.name = "matmul_int8 M " + std::to_string(m) + " N " + std::to_string(n) + " K " + std::to_string(k) +
             (biased ? " bias " : " ") + std::to_string(static_cast<int>(activation));
  Random random(row.name);
  // The steps of values up to 1, so that y is of the order of its terms.
  row.inputs = {bytes(random, {m, k}), bytes(random, {n, k}), random.array({n}, 0.2 / 16384, 1.0 / 16384),
                random.array({n})};
  row.outputs = {zeros({m, n})};
  row.call = [=](Kernels& kernels, Views& in, Views& out) {
    kernels.matmul_int8(in[0], in[1], in[2], biased ? &in[3] : nullptr, out[0], activation);
  };
  row.reference = [=](const Arrays& in, Arrays& out) {
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        double sum = 0;
        for (int64_t p = 0; p < k; ++p) sum += in[0][i * k + p] * in[1][j * k + p];
        double value = sum * in[2][j] + (biased ? in[3][j] : 0);
        if (activation == Activation::relu) value = value > 0 ? value : 0;
        if (activation == Activation::gelu) value = 0.5 * value * std::erfc(-value / std::sqrt(2.0));
        out[0][i * n + j] = value;
      }
    }
  };
  // The sums are exact: what is lost is lost by scale and bias alone.
  row.tolerance = tolerance::composed;
  return row;
}

}  // namespace

TEST_CASE("matmul_int8_table_equalsReference") {
  const int64_t shapes[][3] = {{1, 1, 1},     {2, 3, 5},      {4, 4, 16},    {5, 6, 31},    {17, 10, 33},
                               {64, 64, 64},  {66, 67, 80},   {1, 10, 2704}, {3, 600, 100}, {70, 12, 1100},
                               {2, 17, 2049}, {129, 130, 48}, {65, 9, 130},  {1, 257, 784}, {70, 72, 3100}};
  int turn = 0;
  for (const auto& [m, n, k] : shapes) {
    check(row_of(m, n, k, turn % 2 == 0, static_cast<Activation>(turn % 3)));
    ++turn;
  }
}

TEST_CASE("matmul_int8_largestValues_doNotOverflow") {
  const int64_t k = 131071;
  Array least = array_of({1, k}, std::vector<double>(static_cast<size_t>(k), -128), DType::int8);
  Buffer a(least), b(least), scale(scalar(1)), y(zeros({1, 1}));
  kernels(1).matmul_int8(a.view(), b.view(), scale.view(), nullptr, y.view(), Activation::none);
  kernels(1).synchronize();
  CHECK(y.get(0) == static_cast<double>(static_cast<float>(16384.0 * k)));
}

TEST_CASE("matmul_int8_wrongTensors_areRefused") {
  Buffer a(zeros({2, 3}, DType::int8)), b(zeros({5, 3}, DType::int8)), other(zeros({5, 4}, DType::int8)),
      floats(zeros({2, 3})), scale(zeros({5})), y(zeros({2, 5})), turned(zeros({5, 2})),
      narrow(zeros({2, 5}, DType::bfloat16));
  auto product = [](Buffer& left, Buffer& right, Buffer& factor, Buffer* bias, Buffer& to) {
    return refusal([&](Kernels& k) {
      k.matmul_int8(left.view(), right.view(), factor.view(), bias ? &bias->view() : nullptr, to.view(),
                    Activation::none);
    });
  };
  CHECK(product(a, b, scale, &scale, y) == "");
  CHECK(product(floats, b, scale, nullptr, y) == "[matmul_int8] a must be int8: [2, 3] float32");
  CHECK(product(a, floats, scale, nullptr, y) == "[matmul_int8] b must be int8: [2, 3] float32");
  CHECK(product(a, other, scale, nullptr, y) == "[matmul_int8] a and b must agree in K: [2, 3] int8 and [5, 4] int8");
  CHECK(product(a, b, y, nullptr, y) == "[matmul_int8] scale must be [5]: [2, 5] float32");
  CHECK(product(a, b, scale, &y, y) == "[matmul_int8] bias must be [5]: [2, 5] float32");
  CHECK(product(a, b, scale, nullptr, turned) == "[matmul_int8] y must be [2, 5]: [5, 2] float32");
  CHECK(product(a, b, scale, nullptr, narrow) == "[matmul_int8] y must be float32: [2, 5] bfloat16");
}

}  // namespace retort
