#include <cmath>

#include "table.h"

namespace retort {
namespace {

const DType dtypes[] = {DType::float32, DType::int32, DType::uint8, DType::bfloat16, DType::int8};
const char* const names[] = {"float32", "int32", "uint8", "bfloat16", "int8"};

// 0, 1, 2, …: every place tells where it came from (as far as its type can).
Array counted(const Shape& shape, DType dtype) {
  Array array = zeros(shape, dtype);
  const bool few = dtype != DType::float32 && dtype != DType::int32;
  for (int64_t i = 0; i < array.size(); ++i) {
    array[i] = static_cast<double>(few ? i % 251 : i) - (dtype == DType::int8 ? 125 : 0);
  }
  return array;
}

Shape strides_of(const Shape& shape) {
  Shape strides(shape.size());
  int64_t stride = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    strides[d] = stride;
    stride *= shape[d];
  }
  return strides;
}

struct Order {
  Shape x;
  std::vector<int32_t> permutation;
};

const Order orders[] = {
    {{1}, {0}},
    {{7}, {0}},
    {{3, 5}, {0, 1}},
    {{3, 5}, {1, 0}},
    {{33, 65}, {1, 0}},
    {{64, 1}, {1, 0}},
    {{2, 3, 5}, {2, 0, 1}},
    {{2, 3, 5}, {1, 2, 0}},
    {{2, 3, 5}, {1, 0, 2}},
    {{2, 3, 5}, {2, 1, 0}},
    {{2, 3, 5, 7}, {0, 2, 3, 1}},
    {{2, 3, 5, 7}, {0, 3, 1, 2}},
    {{2, 3, 5, 7}, {3, 2, 1, 0}},
    {{2, 1, 5, 1, 3}, {4, 1, 0, 3, 2}},
    {{2, 3, 2, 3, 2, 3}, {5, 0, 3, 2, 1, 4}},
    {{2, 3, 2, 3, 2, 3}, {1, 0, 3, 2, 4, 5}},
    {{301, 211}, {1, 0}},
    {{5, 67, 71}, {0, 2, 1}},
    {{3, 9, 2, 70}, {2, 3, 0, 1}},
    {{130, 3}, {1, 0}},
    {{3, 130}, {1, 0}},
    {{2, 3, 64}, {1, 0, 2}},
    {{9, 11, 200}, {1, 0, 2}},
};

}  // namespace

TEST_CASE("permute_table_equalsReference") {
  for (const Order& order : orders) {
    for (DType dtype : dtypes) {
      Shape y;
      for (int32_t from : order.permutation) y.push_back(order.x[static_cast<size_t>(from)]);
      ValueRow row;
      row.name = "permute " + text_of(order.x) + " to " + text_of(y) + " " + names[static_cast<int>(dtype)];
      row.inputs = {counted(order.x, dtype)};
      row.outputs = {zeros(y, dtype)};
      row.call = [&](Kernels& k, Views& in, Views& out) { k.permute(in[0], out[0], order.permutation.data()); };
      row.reference = [&](const Arrays& in, Arrays& out) {
        const Shape x_strides = strides_of(order.x), y_strides = strides_of(y);
        for (int64_t i = 0; i < out[0].size(); ++i) {
          int64_t at = 0;
          for (size_t d = 0; d < y.size(); ++d) {
            at += i / y_strides[d] % y[d] * x_strides[static_cast<size_t>(order.permutation[d])];
          }
          out[0][i] = in[0][at];
        }
      };
      row.tolerance = tolerance::exact;
      check(row);
    }
  }
}

TEST_CASE("copy_slice_table_equalsReference") {
  struct Slice {
    Shape x, y;
    int32_t axis;
    int64_t x_start, y_start, length;
  };
  const Slice slices[] = {
      {{5}, {9}, 0, 1, 3, 4},
      {{1}, {1}, 0, 0, 0, 1},
      {{3, 5}, {3, 7}, 1, 0, 2, 5},
      {{3, 5}, {7, 5}, 0, 0, 4, 3},
      {{3, 5}, {3, 7}, 1, 4, 6, 1},
      {{2, 3, 5}, {2, 4, 5}, 1, 1, 2, 2},
      {{2, 3, 5}, {2, 3, 5}, 2, 2, 0, 3},
      {{4, 5}, {4, 5}, 1, 5, 0, 0},
      {{301, 100}, {301, 130}, 1, 0, 30, 100},
      {{64, 784}, {10, 784}, 0, 50, 0, 10},
  };
  for (const Slice& slice : slices) {
    for (DType dtype : dtypes) {
      ValueRow row;
      row.name = "copy_slice " + text_of(slice.x) + " to " + text_of(slice.y) + " " + names[static_cast<int>(dtype)];
      row.inputs = {counted(slice.x, dtype)};
      // What is not written stays.
      row.outputs = {zeros(slice.y, dtype)};
      for (double& value : row.outputs[0].values) value = 77;
      row.states = 1;
      row.call = [&](Kernels& k, Views& in, Views& out) {
        k.copy_slice(in[0], out[0], slice.axis, slice.x_start, slice.y_start, slice.length);
      };
      row.reference = [&](const Arrays& in, Arrays& out) {
        const size_t axis = static_cast<size_t>(slice.axis);
        const int64_t inner = strides_of(slice.x)[axis], outer = in[0].size() / (inner * slice.x[axis]);
        for (int64_t o = 0; o < outer; ++o) {
          for (int64_t i = 0; i < slice.length; ++i) {
            for (int64_t j = 0; j < inner; ++j) {
              out[0][(o * slice.y[axis] + slice.y_start + i) * inner + j] =
                  in[0][(o * slice.x[axis] + slice.x_start + i) * inner + j];
            }
          }
        }
      };
      row.tolerance = tolerance::exact;
      check(row);
    }
  }
}

TEST_CASE("fill_everyElementType_isWholeAndExact") {
  for (DType dtype : dtypes) {
    for (const Shape& shape : {Shape{1}, Shape{17}, Shape{2, 3, 5}, Shape{40009}}) {
      for (double value : {0.0, 7.0, dtype == DType::float32 ? 0.1f : dtype == DType::int8 ? -128.0 : 200.0}) {
        ValueRow row;
        row.name = "fill " + text_of(shape) + " " + names[static_cast<int>(dtype)];
        row.outputs = {zeros(shape, dtype)};
        row.call = [&](Kernels& k, Views&, Views& out) { k.fill(out[0], static_cast<float>(value)); };
        row.reference = [&](const Arrays&, Arrays& out) {
          for (double& element : out[0].values) element = value;
        };
        row.tolerance = tolerance::exact;
        check(row);
      }
    }
  }
}

TEST_CASE("copy_wrongTensors_areRefused") {
  Buffer x(zeros({2, 3})), y(zeros({3, 2})), bytes(zeros({3, 2}, DType::uint8));
  const int32_t swap[] = {1, 0}, twice[] = {1, 1}, same[] = {0, 1};
  CHECK(refusal([&](Kernels& k) { k.permute(x.view(), bytes.view(), swap); }) ==
        "[permute] x and y must have one element type: [2, 3] float32 and [3, 2] uint8");
  CHECK(refusal([&](Kernels& k) { k.permute(x.view(), y.view(), twice); }) ==
        "[permute] permutation must name each dimension of x once: entry 1 is 1");
  CHECK(refusal([&](Kernels& k) { k.permute(x.view(), y.view(), same); }) ==
        "[permute] y must have x's dimensions in the order of permutation: [2, 3] float32 to [3, 2] float32");
  CHECK(refusal([&](Kernels& k) { k.permute(x.view(), y.view(), nullptr); }) ==
        "[permute] permutation must be given: null");
  auto slice = [&](TensorView& to, int32_t axis, int64_t from, int64_t start, int64_t length) {
    return refusal([&](Kernels& k) { k.copy_slice(x.view(), to, axis, from, start, length); });
  };
  CHECK(slice(x.view(), 2, 0, 0, 1) == "[copy_slice] axis must be a dimension of x: 2 of [2, 3] float32");
  CHECK(slice(y.view(), 0, 0, 0, 1) ==
        "[copy_slice] x and y must agree in every dimension but 0: [2, 3] float32 and [3, 2] float32");
  CHECK(slice(x.view(), 1, 2, 0, 2) == "[copy_slice] the slice must lie in x: 2 from 2 of 3");
  CHECK(slice(x.view(), 1, 0, 2, 2) == "[copy_slice] the slice must lie in y: 2 from 2 of 3");
  CHECK(slice(x.view(), 1, 0, 0, -1) == "[copy_slice] the slice must lie in x: -1 from 0 of 3");
  CHECK(refusal([&](Kernels& k) { k.fill(bytes.view(), 256); }) == "[fill] value must fit uint8: 256");
  Buffer whole(zeros({1}, DType::int32));
  CHECK(refusal([&](Kernels& k) { k.fill(whole.view(), std::nanf("")); }) == "[fill] value must fit int32: nan");
}

}  // namespace retort
