#include <cmath>

#include "table.h"

namespace retort {
namespace {

double activate(double x, Activation activation) {
  if (activation == Activation::relu) return x > 0 ? x : 0;
  if (activation == Activation::gelu) return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
  return x;
}

const char* const activations[] = {"none", "relu", "gelu"};

void check_product(int64_t m, int64_t n, int64_t k, bool transpose_a, bool transpose_b, bool biased,
                   Activation activation) {
  ValueRow row;
  row.name = "matmul M " + std::to_string(m) + " N " + std::to_string(n) + " K " + std::to_string(k) +
             (transpose_a ? " Aᵀ" : "") + (transpose_b ? " Bᵀ" : "") + (biased ? " bias " : " ") +
             activations[static_cast<int>(activation)];
  Random random(row.name);
  row.inputs = {random.array(transpose_a ? Shape{k, m} : Shape{m, k}),
                random.array(transpose_b ? Shape{n, k} : Shape{k, n}), random.array({n})};
  row.outputs = {zeros({m, n})};
  row.call = [&](Kernels& kernels, Views& in, Views& out) {
    kernels.matmul(in[0], in[1], biased ? &in[2] : nullptr, out[0], transpose_a, transpose_b, activation);
  };
  row.reference = [&](const Arrays& in, Arrays& out) {
    double* y = out[0].values.data();
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t p = 0; p < k; ++p) {
        const double a = in[0][transpose_a ? p * m + i : i * k + p];
        const double* b = in[1].values.data() + (transpose_b ? p : p * n);
        const int64_t stride = transpose_b ? k : 1;
        for (int64_t j = 0; j < n; ++j) y[i * n + j] += a * b[j * stride];
      }
      for (int64_t j = 0; j < n; ++j) y[i * n + j] = activate(y[i * n + j] + (biased ? in[2][j] : 0), activation);
    }
  };
  row.tolerance = tolerance::product(k);
  check(row);
}

}  // namespace

TEST_CASE("matmul_table_equalsReference") {
  const int64_t sizes[] = {1, 2, 3, 7, 17, 48, 49, 64, 100};
  int turn = 0;
  for (int64_t m : sizes) {
    for (int64_t n : sizes) {
      for (int64_t k : sizes) {
        for (int transposed = 0; transposed < 4; ++transposed, ++turn) {
          // Bias and activation take turns, so that every size meets each of them.
          check_product(m, n, k, transposed % 2 != 0, transposed / 2 != 0, turn % 2 == 0,
                        static_cast<Activation>((turn / 4 + turn) % 3));
        }
      }
    }
  }
}

TEST_CASE("matmul_layersOfTheModels_equalReference") {
  const struct {
    int64_t m, n, k;
  } layers[] = {{1, 64, 2704},  {64, 64, 2704}, {1, 10, 64},   {64, 10, 64},  {64, 10, 128},
                {64, 128, 256}, {5, 256, 4608}, {1, 120, 400}, {64, 84, 120}, {3, 1200, 784},
                {2, 1, 10007},  {1, 1001, 1},   {257, 33, 1},  {300, 5, 300}, {129, 513, 67}};
  int turn = 0;
  for (const auto& layer : layers) {
    for (int transposed = 0; transposed < 4; ++transposed, ++turn) {
      check_product(layer.m, layer.n, layer.k, transposed % 2 != 0, transposed / 2 != 0, turn % 2 == 0,
                    static_cast<Activation>(turn % 3));
    }
  }
}

TEST_CASE("matmul_nan_reachesItsRowAndColumn") {
  for (int64_t m : {1, 5, 64}) {
    Array a = Random("nan").array({m, 33});
    a[(m / 2) * 33 + 32] = std::nan("");
    Buffer left(a), right(Random("right").array({33, 20})), y(zeros({m, 20}));
    kernels(1).matmul(left.view(), right.view(), nullptr, y.view(), false, false, Activation::relu);
    for (int64_t i = 0; i < m * 20; ++i) CHECK(std::isnan(y.get(i)) == (i / 20 == m / 2));
  }
}

TEST_CASE("matmul_wrongShapes_areRefused") {
  Buffer a(zeros({2, 3})), b(zeros({4, 5})), bias(zeros({4})), y(zeros({2, 5})), whole(zeros({2, 3}, DType::int32)),
      c(zeros({3, 5}));
  auto product = [&](TensorView& left, TensorView& right, TensorView* add, TensorView& to, bool transpose) {
    return refusal([&](Kernels& k) { k.matmul(left, right, add, to, transpose, false, Activation::none); });
  };
  CHECK(product(a.view(), c.view(), nullptr, y.view(), false) == "");
  for (const std::string& text :
       {product(a.view(), b.view(), nullptr, y.view(), false),
        product(a.view(), c.view(), &bias.view(), y.view(), false),
        product(a.view(), c.view(), nullptr, a.view(), false), product(a.view(), c.view(), nullptr, y.view(), true),
        product(whole.view(), c.view(), nullptr, y.view(), false)}) {
    CHECK_MESSAGE(text.rfind("[matmul] ", 0) == 0, text);
    CHECK_MESSAGE(text.find(": ") != std::string::npos, text);
  }
}

}  // namespace retort
