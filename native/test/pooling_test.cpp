#include <cmath>
#include <cstring>

#include "table.h"

namespace retort {
namespace {

struct Case {
  Shape x;
  Window window;
};

const Case table[] = {
    {{1, 1, 1, 1}, {1, 1, 1, 1, 0, 0}},    {{1, 1, 2, 2}, {2, 2, 2, 2, 0, 0}},    {{2, 3, 4, 4}, {2, 2, 2, 2, 0, 0}},
    {{2, 3, 5, 7}, {2, 2, 2, 2, 0, 0}},    {{1, 16, 26, 26}, {2, 2, 2, 2, 0, 0}}, {{3, 2, 2, 67}, {2, 2, 2, 2, 0, 0}},
    {{2, 1, 67, 34}, {2, 2, 2, 2, 0, 0}},  {{2, 3, 7, 5}, {3, 3, 2, 2, 1, 1}},    {{2, 3, 8, 9}, {3, 2, 1, 2, 1, 0}},
    {{1, 2, 9, 9}, {3, 3, 3, 3, 0, 0}},    {{1, 2, 6, 6}, {2, 2, 1, 1, 0, 0}},    {{1, 2, 6, 6}, {2, 2, 2, 2, 1, 1}},
    {{1, 2, 5, 40}, {5, 3, 1, 1, 4, 2}},   {{2, 2, 11, 13}, {1, 1, 3, 4, 0, 0}},  {{1, 1, 3, 3}, {3, 3, 1, 1, 0, 0}},
    {{64, 6, 28, 28}, {2, 2, 2, 2, 0, 0}}, {{17, 3, 33, 31}, {3, 3, 2, 2, 1, 1}},
};

std::string name_of(const char* op, const Case& c) {
  const Window& w = c.window;
  return op + (" " + text_of(c.x)) + " kernel " + text_of({w.kernel_h, w.kernel_w}) + " stride " +
         text_of({w.stride_h, w.stride_w}) + " pad " + text_of({w.pad_h, w.pad_w});
}

Shape pooled(const Case& c) {
  const Window& w = c.window;
  return {c.x[0], c.x[1], (c.x[2] + 2 * w.pad_h - w.kernel_h) / w.stride_h + 1,
          (c.x[3] + 2 * w.pad_w - w.kernel_w) / w.stride_w + 1};
}

// body(output, place in the plane, place in x) for every place that is not padding.
template <typename Body>
void for_places(const Case& c, const Body& body) {
  const Shape y = pooled(c);
  const Window& w = c.window;
  int64_t output = 0;
  for (int64_t plane = 0; plane < y[0] * y[1]; ++plane) {
    for (int64_t r = 0; r < y[2]; ++r) {
      for (int64_t column = 0; column < y[3]; ++column, ++output) {
        for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
          for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
            const int64_t iy = r * w.stride_h - w.pad_h + ky, ix = column * w.stride_w - w.pad_w + kx;
            if (iy < 0 || iy >= c.x[2] || ix < 0 || ix >= c.x[3]) continue;
            body(output, iy * c.x[3] + ix, (plane * c.x[2] + iy) * c.x[3] + ix);
          }
        }
      }
    }
  }
}

void max_reference(const Case& c, const Array& x, Array& y, Array& index) {
  for (double& value : index.values) value = -1;
  for_places(c, [&](int64_t output, int64_t place, int64_t at) {
    if (index[output] >= 0 && !(x[at] > y[output])) return;
    y[output] = x[at];
    index[output] = static_cast<double>(place);
  });
}

void mean_reference(const Case& c, const Array& x, Array& y) {
  for_places(c, [&](int64_t output, int64_t, int64_t at) { y[output] += x[at]; });
  for (double& value : y.values) value /= c.window.kernel_h * c.window.kernel_w;
}

}  // namespace

TEST_CASE("max_pool2d_forward_table_equalsReference") {
  for (const Case& c : table) {
    for (bool ties : {false, true}) {
      ValueRow row;
      row.name = name_of("max_pool2d_forward", c) + (ties ? " ties" : "");
      row.inputs = {Random(row.name).array(c.x)};
      if (ties) {
        for (double& value : row.inputs[0].values) value = std::floor(value * 2);
      }
      row.outputs = {zeros(pooled(c)), zeros(pooled(c), DType::int32)};
      row.call = [&](Kernels& k, Views& in, Views& out) { k.max_pool2d_forward(in[0], out[0], out[1], c.window); };
      row.reference = [&](const Arrays& in, Arrays& out) { max_reference(c, in[0], out[0], out[1]); };
      row.tolerance = tolerance::exact;
      check(row);
    }
  }
}

TEST_CASE("max_pool2d_backward_table_equalsReference") {
  for (const Case& c : table) {
    ValueRow row;
    row.name = name_of("max_pool2d_backward", c);
    Random random(row.name);
    Array y = zeros(pooled(c)), index = zeros(pooled(c), DType::int32);
    max_reference(c, random.array(c.x), y, index);
    row.inputs = {random.array(pooled(c)), index};
    row.outputs = {zeros(c.x)};
    row.call = [&](Kernels& k, Views& in, Views& out) { k.max_pool2d_backward(in[0], in[1], out[0], c.window); };
    row.reference = [&](const Arrays& in, Arrays& out) {
      for_places(c, [&](int64_t output, int64_t place, int64_t at) {
        if (in[1][output] == static_cast<double>(place)) out[0][at] += in[0][output];
      });
    };
    row.tolerance = tolerance::elementwise;
    check(row);
  }
}

TEST_CASE("max_pool2d_backward_table_equalsDifferences") {
  for (const Case& c : table) {
    GradientRow row;
    row.name = name_of("max_pool2d_backward", c);
    row.inputs = {Random(row.name).array(c.x)};
    if (row.inputs[0].size() > 2000) continue;
    row.y = pooled(c);
    row.forward = [&](const Arrays& in) {
      Array y = zeros(pooled(c)), index = zeros(pooled(c), DType::int32);
      max_reference(c, in[0], y, index);
      return y.values;
    };
    row.call = [&](Kernels& k, Views& in, TensorView& dy, Views& gradients) {
      Buffer y(zeros(row.y)), index(zeros(row.y, DType::int32));
      k.max_pool2d_forward(in[0], y.view(), index.view(), c.window);
      k.max_pool2d_backward(dy, index.view(), gradients[0], c.window);
    };
    check(row);
  }
}

TEST_CASE("avg_pool2d_table_equalsReference") {
  for (const Case& c : table) {
    ValueRow row;
    row.name = name_of("avg_pool2d_forward", c);
    row.inputs = {Random(row.name).array(c.x)};
    row.outputs = {zeros(pooled(c))};
    row.call = [&](Kernels& k, Views& in, Views& out) { k.avg_pool2d_forward(in[0], out[0], c.window); };
    row.reference = [&](const Arrays& in, Arrays& out) { mean_reference(c, in[0], out[0]); };
    row.tolerance = tolerance::elementwise;
    check(row);
  }
}

TEST_CASE("avg_pool2d_backward_table_equalsDifferences") {
  for (const Case& c : table) {
    GradientRow row;
    row.name = name_of("avg_pool2d_backward", c);
    row.inputs = {Random(row.name).array(c.x)};
    row.y = pooled(c);
    row.forward = [&](const Arrays& in) {
      Array y = zeros(pooled(c));
      mean_reference(c, in[0], y);
      return y.values;
    };
    row.call = [&](Kernels& k, Views&, TensorView& dy, Views& gradients) {
      k.avg_pool2d_backward(dy, gradients[0], c.window);
    };
    check(row);
  }
}

TEST_CASE("max_pool2d_nanAndInfinity_areKept") {
  for (const Case& c : {Case{{1, 1, 4, 40}, {2, 2, 2, 2, 0, 0}}, Case{{1, 1, 4, 40}, {3, 3, 1, 1, 1, 1}}}) {
    Array x = zeros(c.x);
    for (double& value : x.values) value = -INFINITY;
    x[5] = std::nan("");
    Buffer in(x), y(zeros(pooled(c))), index(zeros(pooled(c), DType::int32));
    kernels(1).max_pool2d_forward(in.view(), y.view(), index.view(), c.window);
    std::vector<bool> seen(y.bytes().size());
    for_places(c, [&](int64_t output, int64_t place, int64_t) {
      if (place == 5) seen[static_cast<size_t>(output)] = true;
    });
    for (int64_t i = 0; i < size_of(pooled(c)); ++i) {
      CHECK(std::isnan(y.get(i)) == seen[static_cast<size_t>(i)]);
      CHECK(index.get(i) >= 0);
      CHECK(index.get(i) < 160);
    }
  }
}

TEST_CASE("pooling_wrongShapes_areRefused") {
  Buffer x(zeros({1, 2, 5, 5})), y(zeros({1, 2, 2, 2})), index(zeros({1, 2, 2, 2}, DType::int32)), flat(zeros({5, 5}));
  Buffer small(zeros({1, 2, 2, 1}));
  auto pooled_by = [&](const Window& w) {
    return refusal([&](Kernels& k) { k.max_pool2d_forward(x.view(), y.view(), index.view(), w); });
  };
  CHECK(pooled_by({2, 2, 2, 2, 0, 0}) == "");
  CHECK(pooled_by({2, 2, 1, 1, 0, 0}) == "[max_pool2d_forward] y must be [1, 2, 4, 4]: [1, 2, 2, 2] float32");
  CHECK(pooled_by({0, 2, 1, 1, 0, 0}) == "[max_pool2d_forward] kernel must be 1 or more: 0");
  CHECK(pooled_by({2, 2, 0, 1, 0, 0}) == "[max_pool2d_forward] stride must be 1 or more: 0");
  CHECK(pooled_by({2, 2, 2, 2, 2, 0}) ==
        "[max_pool2d_forward] pad must be 0 or more and below the kernel: 2 for kernel 2");
  CHECK(pooled_by({6, 2, 2, 2, 0, 0}) == "[max_pool2d_forward] kernel must fit into the padded input: 6 over 5");
  const Window window(2, 2, 2, 2, 0, 0);
  CHECK(refusal([&](Kernels& k) { k.max_pool2d_forward(x.view(), y.view(), y.view(), window); }) ==
        "[max_pool2d_forward] index must be int32: [1, 2, 2, 2] float32");
  CHECK(refusal([&](Kernels& k) { k.avg_pool2d_forward(flat.view(), y.view(), window); }) ==
        "[avg_pool2d_forward] x must be [N, C, H, W]: [5, 5] float32");
  CHECK(refusal([&](Kernels& k) { k.avg_pool2d_backward(small.view(), x.view(), window); }) ==
        "[avg_pool2d_backward] dy must be [1, 2, 2, 2]: [1, 2, 2, 1] float32");
  Buffer wide(zeros({1, 2, 4, 4})), far(array_of({1, 2, 1, 1}, {16, 0}, DType::int32)), one(zeros({1, 2, 1, 1}));
  CHECK(refusal([&](Kernels& k) {
          k.max_pool2d_backward(one.view(), far.view(), wide.view(), Window(4, 4, 1, 1, 0, 0));
        }) == "[max_pool2d_backward] index must lie in its plane of 16: 16");
}

}  // namespace retort
