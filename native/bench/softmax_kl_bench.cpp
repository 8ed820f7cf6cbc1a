// The losses and softmax over logits [B,C]: 12 bytes a logit for softmax_kl, 8 for the others.
#include "bench.h"

namespace retort {
namespace {

// KL of one row, and the student's probability of its first class less the teacher's.
void row_reference(const Owned& student, const Owned& teacher, int64_t columns, double t, Reference& loss,
                   Reference& slope) {
  double student_sum = 0, teacher_sum = 0;
  for (int64_t c = 0; c < columns; ++c) {
    student_sum += std::exp(student[c] / t);
    teacher_sum += std::exp(teacher[c] / t);
  }
  for (int64_t c = 0; c < columns; ++c) {
    const double p = std::exp(teacher[c] / t) / teacher_sum;
    loss.add(p * (std::log(p) - student[c] / t + std::log(student_sum)));
  }
  slope.add(std::exp(student[0] / t) / student_sum);
  slope.add(-std::exp(teacher[0] / t) / teacher_sum);
}

void run(int64_t rows, int64_t columns, int32_t threads) {
  Kernels& kernels = retort::kernels(threads);
  const float t = 4;
  const std::vector<int64_t> shape = {rows, columns};
  Owned student(shape), teacher(shape), dz(shape, DType::float32, Fill::poison), loss({1}), temperature({1}),
      labels({rows}, DType::int32);
  for (int64_t i = 0; i < rows * columns; ++i) teacher.set(i, -teacher[i] * static_cast<float>(i % 7));
  teacher.send();
  temperature.set(0, t);
  temperature.send();
  for (int64_t r = 0; r < rows; ++r) labels.set(r, static_cast<float>(r % columns));
  labels.send();

  const auto divergence = [&] { kernels.softmax_kl(student.view, teacher.view, temperature.view, loss.view, dz.view); };
  divergence();
  dz.fetch();
  Reference want, slope, first;
  row_reference(student, teacher, columns, t, want, slope);
  check("softmax_kl gradient", 0, dz[0] * static_cast<float>(rows) / t, slope);
  Owned one({1, columns}), tutor({1, columns}), row_dz({1, columns});
  for (int64_t c = 0; c < columns; ++c) {
    one.set(c, student[c]);
    tutor.set(c, teacher[c]);
  }
  one.send();
  tutor.send();
  kernels.softmax_kl(one.view, tutor.view, temperature.view, loss.view, row_dz.view);
  loss.fetch();
  first.add(want.value * t * t);
  first.magnitude = want.magnitude * t * t;
  check("softmax_kl loss", 0, loss[0], first);

  const std::string text = " [" + std::to_string(rows) + ", " + std::to_string(columns) + "]";
  const double logits = static_cast<double>(rows * columns);
  const auto record = [&](const char* op) { return Record(op, op + text).with("shape", shape); };
  report_bytes(record("softmax_kl"), 12 * logits, threads, kernels, divergence);
  report_bytes(record("cross_entropy"), 8 * logits, threads, kernels,
               [&] { kernels.cross_entropy(student.view, labels.view, loss.view, dz.view); });
  report_bytes(record("softmax_forward"), 8 * logits, threads, kernels,
               [&] { kernels.softmax_forward(student.view, temperature.view, dz.view); });
  report_bytes(record("softmax_backward"), 12 * logits, threads, kernels,
               [&] { kernels.softmax_backward(student.view, teacher.view, temperature.view, dz.view); });
}

}  // namespace
}  // namespace retort

int main() {
  std::printf("%s\n", retort::describe_backend().c_str());
  if (retort::on_gpu()) {
    retort::run(256, 10, 1);
    retort::run(8192, 1000, 1);
    retort::run(4096, 50000, 1);
    return 0;
  }
  retort::run(1, 10, 1);
  retort::run(64, 10, 1);
  retort::run(64, 100, 1);
  retort::run(64, 1000, 1);
  retort::run(1024, 1000, 2);
}
