#include <cmath>

#include "losses.h"

namespace retort {
namespace {

const Shape shapes[] = {{1, 1},  {1, 10},   {3, 2},    {17, 10},  {64, 10},   {5, 64},
                        {5, 65}, {64, 100}, {9, 1021}, {2, 5003}, {1, 47001}, {2500, 10}};

double entropy(const Array& z, const Array& labels) {
  const int64_t rows = z.shape[0], columns = z.shape[1];
  double total = 0;
  for (int64_t r = 0; r < rows; ++r) {
    double most = -INFINITY, sum = 0;
    for (int64_t c = 0; c < columns; ++c) most = std::max(most, z[r * columns + c]);
    for (int64_t c = 0; c < columns; ++c) sum += std::exp(z[r * columns + c] - most);
    total += most + std::log(sum) - z[r * columns + static_cast<int64_t>(labels[r])];
  }
  return total / static_cast<double>(rows);
}

LossRow row_of(const std::string& name, const Array& z, const Array& labels) {
  LossRow row;
  row.name = name;
  row.inputs = {z, labels};
  row.loss = [](const Arrays& in) { return entropy(in[0], in[1]); };
  row.call = [](Kernels& k, Views& in, TensorView& loss, TensorView& gradient) {
    k.cross_entropy(in[0], in[1], loss, gradient);
  };
  return row;
}

}  // namespace

TEST_CASE("cross_entropy_table_equalsReference") {
  for (const Shape& shape : shapes) {
    const std::string name = "cross_entropy " + text_of(shape);
    Random random(name);
    check(row_of(name, random.array(shape, -4, 4), random.labels(shape[0], shape[1])));
  }
}

TEST_CASE("cross_entropy_largeLogits_staysFinite") {
  for (const Shape& shape : {Shape{3, 10}, Shape{2, 1000}}) {
    const std::string name = "cross_entropy of 1e4 " + text_of(shape);
    Random random(name);
    check(row_of(name, random.array(shape, -1e4, 1e4), random.labels(shape[0], shape[1])));
  }
}

TEST_CASE("cross_entropy_nan_reachesTheLoss") {
  Array z = Random("nan").array({3, 10});
  z[12] = std::nan("");
  Buffer in(z), labels(zeros({3}, DType::int32)), loss(zeros({1})), dz(zeros({3, 10}));
  kernels(1).cross_entropy(in.view(), labels.view(), loss.view(), dz.view());
  CHECK(std::isnan(loss.get(0)));
  for (int64_t i = 0; i < 30; ++i) CHECK(std::isnan(dz.get(i)) == (i / 10 == 1));
}

TEST_CASE("cross_entropy_wrongLabel_namesItsRow") {
  Buffer z(zeros({3, 10})), loss(zeros({1})), dz(zeros({3, 10})), real(zeros({3})), few(zeros({2}, DType::int32));
  auto with = [&](double label) {
    Buffer labels(array_of({3}, {0, 9, label}, DType::int32));
    return refusal([&](Kernels& k) { k.cross_entropy(z.view(), labels.view(), loss.view(), dz.view()); });
  };
  CHECK(with(9) == "");
  CHECK(with(10) == "[cross_entropy] labels must be in [0, 10): 10 in row 2");
  CHECK(with(2147483647) == "[cross_entropy] labels must be in [0, 10): 2147483647 in row 2");
  CHECK(with(-1) == "[cross_entropy] labels must be in [0, 10): -1 in row 2");
  CHECK(refusal([&](Kernels& k) { k.cross_entropy(z.view(), real.view(), loss.view(), dz.view()); }) ==
        "[cross_entropy] labels must be int32: [3] float32");
  CHECK(refusal([&](Kernels& k) { k.cross_entropy(z.view(), few.view(), loss.view(), dz.view()); }) ==
        "[cross_entropy] labels must be [3]: [2] int32");
}

}  // namespace retort
