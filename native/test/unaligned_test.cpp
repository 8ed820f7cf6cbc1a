// Tensors that begin at any element: a backend that moves several elements at once must see when it can't.
#include <cmath>

#include "retort/error.h"
#include "table.h"

namespace retort {
namespace {

// An array in memory that begins one element later than a buffer's.
class Shifted {
 public:
  explicit Shifted(const Array& array) : size_(array.size()), buffer_(behind(array)) {
    view_ = buffer_.view();
    view_.data = static_cast<char*>(view_.data) + width_of(array.dtype);
    view_.rank = static_cast<int32_t>(array.shape.size());
    for (size_t d = 0; d < array.shape.size(); ++d) view_.dims[d] = array.shape[d];
  }
  TensorView& view() { return view_; }
  double get(int64_t i) const { return buffer_.get(i + 1); }
  // The element before the first, which nobody may touch, and those around the memory.
  bool guards_intact() const { return buffer_.guards_intact() && buffer_.get(0) == 99; }
  int64_t size() const { return size_; }

 private:
  static Array behind(const Array& array) {
    Array wider = zeros({array.size() + 1}, array.dtype);
    wider[0] = 99;
    for (int64_t i = 0; i < array.size(); ++i) wider[i + 1] = array[i];
    return wider;
  }
  int64_t size_;
  Buffer buffer_;
  TensorView view_;
};

// Runs the call on aligned and on shifted tensors: the outputs, from `inputs` on, must agree.
void check_shifted(const std::string& name, const Arrays& tensors, size_t inputs, const Tolerance& tolerance,
                   const std::function<void(Kernels&, Views&)>& call) {
  INFO("row ", name);
  std::vector<Buffer> plain;
  std::vector<Shifted> shifted;
  Views plain_views, shifted_views;
  for (const Array& array : tensors) {
    plain.emplace_back(array);
    shifted.emplace_back(array);
  }
  for (size_t i = 0; i < tensors.size(); ++i) {
    plain_views.push_back(plain[i].view());
    shifted_views.push_back(shifted[i].view());
  }
  call(kernels(2), plain_views);
  call(kernels(2), shifted_views);
  kernels(2).synchronize();
  for (size_t i = 0; i < tensors.size(); ++i) {
    CHECK(shifted[i].guards_intact());
    for (int64_t at = 0; i >= inputs && at < shifted[i].size(); ++at) {
      const double got = shifted[i].get(at), want = plain[i].get(at);
      if (std::fabs(got - want) <= tolerance.relative * std::fabs(want) + tolerance.absolute) continue;
      FAIL_CHECK("tensor ", i, ", element ", at, ": shifted ", got, ", aligned ", want);
      break;
    }
  }
}

}  // namespace

TEST_CASE("unaligned_elementwise_equalsAligned") {
  for (const Shape& shape : {Shape{3}, Shape{64, 12}, Shape{2, 8, 5, 4}, Shape{5003}}) {
    Random random(text_of(shape));
    const Array a = random.array(shape), b = random.array(shape, 0.5, 2), y = zeros(shape);
    const std::string of = " " + text_of(shape);
    check_shifted("unary_forward" + of, {a, y}, 1, tolerance::exact,
                  [](Kernels& k, Views& t) { k.unary_forward(t[0], t[1], UnaryOp::square); });
    check_shifted("unary_backward" + of, {a, b, y}, 2, tolerance::exact,
                  [](Kernels& k, Views& t) { k.unary_backward(t[0], t[0], t[1], t[2], UnaryOp::square); });
    check_shifted("binary" + of, {a, b, y}, 2, tolerance::exact,
                  [](Kernels& k, Views& t) { k.binary(t[0], t[1], t[2], BinaryOp::multiply); });
    check_shifted("dropout" + of, {a, array_of({2}, {5, 6}, DType::int32), y}, 2, tolerance::exact,
                  [](Kernels& k, Views& t) { k.dropout(t[0], t[1], t[2], 0.5f, 1); });
    check_shifted("mse" + of, {a, b, scalar(0), y}, 2, tolerance::composed,
                  [](Kernels& k, Views& t) { k.mse(t[0], t[1], t[2], t[3]); });
    check_shifted("sgd_step" + of, {a, scalar(0.1), b, y}, 2, tolerance::composed,
                  [](Kernels& k, Views& t) { k.sgd_step(t[0], t[1], nullptr, t[2], &t[3], 0.5f, 0.1f, true); });
    check_shifted("adam_step" + of, {a, scalar(0.1), scalar(3), b, y, y}, 3, tolerance::composed,
                  [](Kernels& k, Views& t) {
                    k.adam_step(t[0], t[1], t[2], nullptr, t[3], t[4], t[5], 0.9f, 0.99f, 1e-8f, 0, true);
                  });
  }
}

TEST_CASE("unaligned_broadcastAndReduce_equalsAligned") {
  for (const Shape& shape : {Shape{64, 12}, Shape{40, 512}, Shape{3, 6000}}) {
    Random random(text_of(shape));
    const Array x = random.array(shape);
    const Shape row{1, shape[1]}, column{shape[0], 1};
    for (const Shape& other : {row, column}) {
      const std::string of = " " + text_of(shape) + " and " + text_of(other);
      check_shifted("binary" + of, {x, random.array(other), zeros(shape)}, 2, tolerance::exact,
                    [](Kernels& k, Views& t) { k.binary(t[0], t[1], t[2], BinaryOp::add); });
      check_shifted("reduce" + of, {x, zeros(other)}, 1, tolerance::sum(size_of(shape) / size_of(other)),
                    [](Kernels& k, Views& t) { k.reduce(t[0], t[1], ReduceOp::sum); });
    }
  }
}

TEST_CASE("unaligned_copies_equalAligned") {
  const int32_t swap[] = {1, 0};
  for (DType dtype : {DType::float32, DType::bfloat16, DType::int8}) {
    Array x = zeros({24, 32}, dtype);
    for (int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i % 100);
    const std::string of = std::string(" ") + name_of(dtype);
    check_shifted("fill" + of, {zeros({77}, dtype)}, 0, tolerance::exact,
                  [](Kernels& k, Views& t) { k.fill(t[0], 3); });
    check_shifted("permute" + of, {x, zeros({32, 24}, dtype)}, 1, tolerance::exact,
                  [&](Kernels& k, Views& t) { k.permute(t[0], t[1], swap); });
    check_shifted("copy_slice" + of, {x, zeros({24, 48}, dtype)}, 1, tolerance::exact,
                  [](Kernels& k, Views& t) { k.copy_slice(t[0], t[1], 1, 8, 16, 24); });
  }
  const Array wide = Random("cast").array({1003});
  check_shifted("cast", {wide, zeros({1003}, DType::bfloat16)}, 1, tolerance::exact,
                [](Kernels& k, Views& t) { k.cast(t[0], t[1]); });
  check_shifted("cast back", {zeros({1003}, DType::bfloat16), wide}, 1, tolerance::exact,
                [](Kernels& k, Views& t) { k.cast(t[0], t[1]); });
}

}  // namespace retort
