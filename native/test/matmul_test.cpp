// Longer than a kernel file may be: the rows of one op stand together.
#include <algorithm>
#include <array>
#include <cmath>

#include "retort/bfloat16.h"
#include "table.h"

namespace retort {
namespace {

double activate(double x, Activation activation) {
  if (activation == Activation::relu) return x > 0 ? x : 0;
  if (activation == Activation::gelu) return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
  return x;
}

const char* const activations[] = {"none", "relu", "gelu"};

struct Product {
  int64_t m, n, k;
  bool transpose_a = false, transpose_b = false, biased = false;
  Activation activation = Activation::none;
  DType dtype = DType::float32, y_dtype = DType::float32;
};

std::string name_of(const Product& p) {
  return "matmul M " + std::to_string(p.m) + " N " + std::to_string(p.n) + " K " + std::to_string(p.k) +
         (p.transpose_a ? " Aᵀ" : "") + (p.transpose_b ? " Bᵀ" : "") + (p.biased ? " bias " : " ") +
         activations[static_cast<int>(p.activation)];
}

// Every size meets bias, every activation and every transposition in turn.
Product in_turn(int64_t m, int64_t n, int64_t k, int turn) {
  return {m, n, k, turn % 2 != 0, turn / 2 % 2 != 0, turn % 2 == 0, static_cast<Activation>((turn / 4 + turn) % 3)};
}

// op(a)·op(b) in double, out of its two factors.
void multiply(const Product& p, const Array& a, const Array& b, Array& y) {
  for (int64_t i = 0; i < p.m; ++i) {
    double* to = y.values.data() + i * p.n;
    for (int64_t k = 0; k < p.k; ++k) {
      const double left = a[p.transpose_a ? k * p.m + i : i * p.k + k];
      const double* right = b.values.data() + (p.transpose_b ? k : k * p.n);
      const int64_t stride = p.transpose_b ? p.k : 1;
      for (int64_t j = 0; j < p.n; ++j) to[j] += left * right[j * stride];
    }
  }
}

ValueRow row_of(const Product& p) {
  ValueRow row;
  row.name = name_of(p);
  Random random(row.name);
  row.inputs = {random.array(p.transpose_a ? Shape{p.k, p.m} : Shape{p.m, p.k}),
                random.array(p.transpose_b ? Shape{p.n, p.k} : Shape{p.k, p.n}), random.array({p.n})};
  row.outputs = {zeros({p.m, p.n}, p.y_dtype)};
  row.call = [p](Kernels& kernels, Views& in, Views& out) {
    kernels.matmul(in[0], in[1], p.biased ? &in[2] : nullptr, out[0], p.transpose_a, p.transpose_b, p.activation);
  };
  row.reference = [p](const Arrays& in, Arrays& out) {
    multiply(p, in[0], in[1], out[0]);
    for (int64_t i = 0; i < p.m * p.n; ++i) {
      out[0][i] = activate(out[0][i] + (p.biased ? in[2][i % p.n] : 0), p.activation);
    }
  };
  row.tolerance = tolerance::product(p.k);
  return row;
}

// Values that every precision holds exactly.
void round_to_eighths(Array& array) {
  for (double& value : array.values) value = std::round(8 * value) / 8;
}

// The row by kernels of this precision.
ValueRow with(Precision precision, const Product& p) {
  ValueRow row = row_of(p);
  const auto call = row.call;
  row.call = [call, precision](Kernels&, Views& in, Views& out) {
    call(kernels(precision), in, out);
    kernels(precision).synchronize();
  };
  return row;
}

ValueRow of_bfloat16(Product p, DType y_dtype) {
  p.y_dtype = y_dtype;
  ValueRow row = row_of(p);
  for (size_t i = 0; i < 2; ++i) {
    row.inputs[i].dtype = DType::bfloat16;
    for (double& value : row.inputs[i].values)
      value = static_cast<double>(to_float(to_bfloat16(static_cast<float>(value))));
  }
  if (y_dtype == DType::bfloat16) row.tolerance = tolerance::rounded_to_bfloat16(row.tolerance);
  return row;
}

// Around the edges of tiles and of 16 bytes; k split over blocks; more than one block of the largest tile.
constexpr int64_t low_precision_shapes[][3] = {{1, 1, 1},    {3, 5, 7},     {17, 10, 33}, {64, 64, 32},  {66, 68, 72},
                                               {1, 24, 296}, {70, 12, 300}, {2, 17, 401}, {129, 130, 40}};

// Under simt a product takes ten thousand times as long as on a GPU.
bool rows_are_cheap() { return describe_backend().rfind("simt", 0) != 0; }

}  // namespace

TEST_CASE("matmul_table_equalsReference") {
  const int64_t sizes[] = {1, 2, 3, 7, 17, 48, 49, 64, 100};
  // Without a common factor with what takes turns.
  const int every = rows_are_cheap() ? 1 : 11;
  int turn = 0;
  for (int64_t m : sizes) {
    for (int64_t n : sizes) {
      for (int64_t k : sizes) {
        for (int transposed = 0; transposed < 4; ++transposed, ++turn) {
          if (turn % every == 0) check(row_of(in_turn(m, n, k, turn)));
        }
      }
    }
  }
}

TEST_CASE("matmul_layersOfTheModels_equalReference") {
  const struct {
    int64_t m, n, k;
  } layers[] = {{1, 64, 2704},  {64, 64, 2704}, {1, 10, 64},    {64, 10, 64},   {64, 10, 128}, {64, 128, 256},
                {5, 256, 4608}, {1, 120, 400},  {64, 84, 120},  {3, 1200, 784}, {2, 1, 10007}, {1, 1001, 1},
                {257, 33, 1},   {300, 5, 300},  {129, 513, 67}, {129, 132, 40}, {80, 100, 520}};
  int turn = 0;
  for (const auto& layer : layers) {
    for (int transposed = 0; transposed < 4; ++transposed, ++turn) {
      // One transposition a layer, another one each time.
      const bool heavy = std::max<int64_t>(layer.m, 32) * std::max<int64_t>(layer.n, 32) * layer.k > 1 << 20;
      if (heavy && !rows_are_cheap() && (turn + turn / 4) % 4 != 0) continue;
      check(row_of(in_turn(layer.m, layer.n, layer.k, turn)));
    }
  }
}

TEST_CASE("matmul_lowPrecision_exactValues_equalReference") {
  for (Precision precision : {Precision::tf32, Precision::bfloat16}) {
    int turn = 0;
    for (const auto& [m, n, k] : low_precision_shapes) {
      for (int transposed = 0; transposed < 4; ++transposed, ++turn) {
        // Deep ones by two transpositions each, the other two the next time.
        if (k > 200 && !rows_are_cheap() && (turn + turn / 4) % 2 != 0) continue;
        ValueRow row = with(precision, in_turn(m, n, k, turn));
        for (size_t i = 0; i < 2; ++i) round_to_eighths(row.inputs[i]);
        check(row);
      }
    }
    // k split over blocks of the largest tile.
    ValueRow deep = with(precision, in_turn(70, 72, 776, 2));
    for (size_t i = 0; i < 2; ++i) round_to_eighths(deep.inputs[i]);
    check(deep);
  }
}

TEST_CASE("matmul_lowPrecision_roundsItsFactors") {
  for (Precision precision : {Precision::tf32, Precision::bfloat16}) {
    for (int turn = 0; turn < 4; ++turn) {
      ValueRow row = with(precision, in_turn(33, 40, 100, turn));
      row.tolerance = tolerance::product(100, precision);
      check(row);
    }
  }
}

TEST_CASE("matmul_bfloat16_equalsReference") {
  int turn = 0;
  for (const auto& [m, n, k] : low_precision_shapes) {
    for (int transposed = 0; transposed < 4; ++transposed, ++turn) {
      check(of_bfloat16(in_turn(m, n, k, turn), turn / 2 % 2 == 0 ? DType::float32 : DType::bfloat16));
    }
  }
  // k split over blocks, also of the largest tile.
  check(of_bfloat16(in_turn(3, 9, 650, 1), DType::float32));
  check(of_bfloat16(in_turn(70, 72, 1544, 3), DType::bfloat16));
}

// What fills a large GPU, so that its kernels for such shapes are met.
TEST_CASE("matmul_largeProductsOfLowPrecision_equalReference") {
  if (!rows_are_cheap()) return;
  int turn = 0;
  for (const auto& [m, n, k] : {std::array<int64_t, 3>{1040, 1288, 328}, {2048, 2040, 72}}) {
    for (int transposed = 0; transposed < 4; ++transposed, ++turn) {
      check(of_bfloat16(in_turn(m, n, k, turn), turn / 2 % 2 == 0 ? DType::float32 : DType::bfloat16));
    }
  }
  ValueRow row = with(Precision::tf32, in_turn(1040, 1288, 328, 2));
  for (size_t i = 0; i < 2; ++i) round_to_eighths(row.inputs[i]);
  check(row);
}

// Tensors that begin anywhere, as parts of others do, and rows that do not.
TEST_CASE("matmul_unalignedTensors_equalReference") {
  for (Precision precision : {Precision::float32, Precision::tf32, Precision::bfloat16}) {
    for (int turn = 0; turn < 4; ++turn) {
      const Product p = in_turn(20, 24, 36, turn);
      const ValueRow row = with(precision, p);
      Arrays want = row.outputs;
      row.reference(row.inputs, want);
      std::vector<Buffer> buffers;
      Views views;
      for (const Array* array : {&row.inputs[0], &row.inputs[1], &row.inputs[2], &row.outputs[0]}) {
        buffers.emplace_back(zeros({array->size() + 1}));
        TensorView view = buffers.back().view();
        view.data = static_cast<float*>(view.data) + 1;
        view.rank = static_cast<int32_t>(array->shape.size());
        for (int32_t i = 0; i < view.rank; ++i) view.dims[i] = array->shape[static_cast<size_t>(i)];
        for (int64_t i = 0; i < array->size(); ++i) static_cast<float*>(view.data)[i] = static_cast<float>((*array)[i]);
        views.push_back(view);
      }
      Views in(views.begin(), views.begin() + 3), out{views[3]};
      row.call(kernels(1), in, out);
      const Tolerance near = tolerance::product(p.k, precision);
      for (int64_t i = 0; i < want[0].size(); ++i) {
        const double got = static_cast<double>(static_cast<const float*>(out[0].data)[i]);
        CHECK_MESSAGE(std::fabs(got - want[0][i]) <= near.absolute + near.relative * std::fabs(want[0][i]), row.name,
                      " element ", i, ": got ", got, ", want ", want[0][i]);
      }
    }
  }
}

TEST_CASE("matmul_nan_reachesItsRowAndColumn") {
  for (int64_t m : {1, 5, 64}) {
    Array a = Random("nan").array({m, 33});
    a[(m / 2) * 33 + 32] = std::nan("");
    Buffer left(a), right(Random("right").array({33, 20})), y(zeros({m, 20}));
    kernels(1).matmul(left.view(), right.view(), nullptr, y.view(), false, false, Activation::relu);
    kernels(1).synchronize();
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

TEST_CASE("matmul_wrongElements_areRefused") {
  Buffer a(zeros({2, 3})), b(zeros({3, 5})), y(zeros({2, 5})), narrow_a(zeros({2, 3}, DType::bfloat16)),
      narrow_b(zeros({3, 5}, DType::bfloat16)), narrow_y(zeros({2, 5}, DType::bfloat16)),
      bytes(zeros({2, 3}, DType::int8));
  auto product = [](Buffer& left, Buffer& right, Buffer& to) {
    return refusal(
        [&](Kernels& k) { k.matmul(left.view(), right.view(), nullptr, to.view(), false, false, Activation::none); });
  };
  CHECK(product(narrow_a, narrow_b, y) == "");
  CHECK(product(narrow_a, narrow_b, narrow_y) == "");
  CHECK(product(bytes, b, y) == "[matmul] a must be float32 or bfloat16: [2, 3] int8");
  CHECK(product(a, narrow_b, y) == "[matmul] b must be float32: [3, 5] bfloat16");
  CHECK(product(narrow_a, b, y) == "[matmul] b must be bfloat16: [3, 5] float32");
  CHECK(product(a, b, narrow_y) == "[matmul] y must be float32: [2, 5] bfloat16");
}

}  // namespace retort
