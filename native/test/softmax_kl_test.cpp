#include <cmath>

#include "losses.h"

namespace retort {
namespace {

const Shape shapes[] = {{1, 1},      {1, 10},   {3, 2},    {17, 10},   {64, 10},   {3, 13},   {2, 16},
                        {5, 64},     {5, 65},   {64, 100}, {1600, 33}, {9, 1021},  {7, 1024}, {2, 2051},
                        {200, 1025}, {2, 5003}, {1, 9000}, {1, 25001}, {1, 70001}, {2500, 10}};

double divergence(const Array& student, const Array& teacher, double t) {
  const int64_t rows = student.shape[0], columns = student.shape[1];
  double total = 0;
  for (int64_t r = 0; r < rows; ++r) {
    auto level = [&](const Array& z) {
      double most = -INFINITY, sum = 0;
      for (int64_t c = 0; c < columns; ++c) most = std::max(most, z[r * columns + c] / t);
      for (int64_t c = 0; c < columns; ++c) sum += std::exp(z[r * columns + c] / t - most);
      return most + std::log(sum);
    };
    const double student_level = level(student), teacher_level = level(teacher);
    for (int64_t c = 0; c < columns; ++c) {
      const double q = student[r * columns + c] / t - student_level, p = teacher[r * columns + c] / t - teacher_level;
      if (std::exp(p) > 0) total += std::exp(p) * (p - q);
    }
  }
  return t * t * total / static_cast<double>(rows);
}

LossRow row_of(const std::string& name, const Array& student, const Array& teacher, double t) {
  LossRow row;
  row.name = name;
  row.inputs = {student, teacher};
  row.loss = [t](const Arrays& in) { return divergence(in[0], in[1], t); };
  row.call = [t](Kernels& k, Views& in, TensorView& loss, TensorView& gradient) {
    Buffer temperature(scalar(t));
    k.softmax_kl(in[0], in[1], temperature.view(), loss, gradient);
  };
  return row;
}

}  // namespace

TEST_CASE("softmax_kl_table_equalsReference") {
  for (const Shape& shape : shapes) {
    for (double t : {1.0, 4.0, 20.0}) {
      const std::string name = "softmax_kl " + text_of(shape) + " T " + std::to_string(t);
      Random random(name);
      check(row_of(name, random.array(shape, -4, 4), random.array(shape, -8, 8), t));
    }
  }
}

TEST_CASE("softmax_kl_largeLogits_staysFinite") {
  for (const Shape& shape : {Shape{3, 10}, Shape{2, 1000}}) {
    const std::string name = "softmax_kl of 1e4 " + text_of(shape);
    Random random(name);
    check(row_of(name, random.array(shape, -1e4, 1e4), random.array(shape, -1e4, 1e4), 1));
  }
}

TEST_CASE("softmax_kl_equalLogits_isZero") {
  for (int64_t columns : {10, 1000, 3000}) {
    Buffer z(Random("equal").array({7, columns}, -30, 30)), t(scalar(3)), loss(zeros({1})), dz(zeros({7, columns}));
    kernels(1).softmax_kl(z.view(), z.view(), t.view(), loss.view(), dz.view());
    CHECK(std::fabs(loss.get(0)) <= 1e-6);
    for (int64_t i = 0; i < 7 * columns; ++i) CHECK(std::fabs(dz.get(i)) <= 1e-7);
  }
}

TEST_CASE("softmax_kl_maskedClass_countsNothing") {
  for (int64_t columns : {10, 100, 1500}) {
    Array z = Random("mask").array({2, columns});
    z[1] = -INFINITY;
    Buffer in(z), t(scalar(1)), loss(zeros({1})), dz(zeros({2, columns}));
    kernels(1).softmax_kl(in.view(), in.view(), t.view(), loss.view(), dz.view());
    CHECK(std::fabs(loss.get(0)) <= 1e-6);
    CHECK(dz.get(1) == 0);
  }
}

TEST_CASE("softmax_kl_maskedStudent_isInfinite") {
  for (int64_t columns : {10, 1500}) {
    Array z = Random("mask").array({1, columns}), masked = z;
    masked[columns - 1] = -INFINITY;
    Buffer student(masked), teacher(z), t(scalar(1)), loss(zeros({1})), dz(zeros({1, columns}));
    kernels(1).softmax_kl(student.view(), teacher.view(), t.view(), loss.view(), dz.view());
    CHECK(loss.get(0) == INFINITY);
    for (int64_t i = 0; i < columns; ++i) CHECK(std::isfinite(dz.get(i)));
  }
}

// Logits that start between the places from which vectors are loaded, all alike or not.
TEST_CASE("softmax_kl_unalignedLogits_giveTheSame") {
  for (int64_t columns : {10, 100, 1000, 2051}) {
    const Shape shape{8, columns};
    const int64_t size = size_of(shape);
    Random random("unaligned");
    const Array student = random.array(shape), teacher = random.array(shape);
    Buffer t(scalar(2)), loss(zeros({1}));
    auto gradient = [&](std::initializer_list<int64_t> shifts) {
      std::vector<Buffer> buffers;
      std::vector<TensorView> views;
      auto shift = shifts.begin();
      for (const Array& array : {student, teacher, zeros(shape)}) {
        Array longer = zeros({size + 3});
        for (int64_t i = 0; i < size; ++i) longer[i + *shift] = array[i];
        buffers.emplace_back(longer);
        views.emplace_back(static_cast<float*>(buffers.back().view().data) + *shift++, DType::float32, 2, shape.data());
      }
      kernels(1).softmax_kl(views[0], views[1], t.view(), loss.view(), views[2]);
      kernels(1).synchronize();
      const float* dz = static_cast<const float*>(views[2].data);
      for (const Buffer& buffer : buffers) CHECK(buffer.guards_intact());
      return std::vector<double>(dz, dz + size);
    };
    const std::vector<double> want = gradient({0, 0, 0});
    const double want_loss = loss.get(0);
    for (auto shifts : {std::initializer_list<int64_t>{1, 1, 1}, {3, 3, 3}, {0, 1, 0}, {2, 0, 1}}) {
      const std::vector<double> got = gradient(shifts);
      CHECK(std::fabs(loss.get(0) - want_loss) <= 1e-6);
      for (size_t i = 0; i < got.size(); ++i) CHECK(std::fabs(got[i] - want[i]) <= 1e-7);
    }
  }
}

TEST_CASE("softmax_kl_nan_reachesTheLoss") {
  for (int64_t columns : {10, 100, 1500}) {
    for (int which = 0; which < 2; ++which) {
      Array good = Random("good").array({3, columns}), bad = good;
      bad[columns + 1] = std::nan("");
      Buffer student(which == 0 ? bad : good), teacher(which == 0 ? good : bad), t(scalar(1)), loss(zeros({1}));
      Buffer dz(zeros({3, columns}));
      kernels(1).softmax_kl(student.view(), teacher.view(), t.view(), loss.view(), dz.view());
      CHECK(std::isnan(loss.get(0)));
      for (int64_t i = 0; i < 3 * columns; ++i) CHECK(std::isnan(dz.get(i)) == (i / columns == 1));
    }
  }
}

TEST_CASE("softmax_kl_wrongTensors_areRefused") {
  Buffer student(zeros({64, 10})), teacher(zeros({64, 100})), t(scalar(1)), cold(scalar(-1)), loss(zeros({1}));
  CHECK(refusal([&](Kernels& k) {
          k.softmax_kl(student.view(), teacher.view(), t.view(), loss.view(), student.view());
        }) == "[softmax_kl] student and teacher must have one shape: [64, 10] float32 and [64, 100] float32");
  CHECK(refusal([&](Kernels& k) {
          k.softmax_kl(student.view(), student.view(), cold.view(), loss.view(), student.view());
        }) == "[softmax_kl] temperature must be over 0 and finite: -1");
  CHECK(refusal([&](Kernels& k) {
          k.softmax_kl(student.view(), student.view(), t.view(), student.view(), student.view());
        }) == "[softmax_kl] loss must be [1]: [64, 10] float32");
}

}  // namespace retort
