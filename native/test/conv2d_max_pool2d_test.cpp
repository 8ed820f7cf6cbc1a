#include <cmath>

#include "table.h"

// The op against the two that it stands for, bit for bit: those are judged by the tables of conv2d and pooling.
namespace retort {
namespace {

struct Case {
  Shape x, w;
  Window window;
  int32_t groups;
  Window pool;
};

const Case table[] = {
    {{1, 1, 28, 28}, {16, 1, 3, 3}, {3, 3, 1, 1, 0, 0}, 1, {2, 2, 2, 2, 0, 0}},
    {{5, 1, 28, 28}, {6, 1, 5, 5}, {5, 5, 1, 1, 0, 0}, 1, {2, 2, 2, 2, 0, 0}},
    {{3, 6, 12, 12}, {16, 6, 5, 5}, {5, 5, 1, 1, 0, 0}, 1, {2, 2, 2, 2, 0, 0}},
    {{2, 3, 9, 11}, {5, 3, 3, 2}, {3, 2, 2, 1, 1, 1}, 1, {3, 2, 1, 2, 1, 0}},
    {{2, 4, 7, 5}, {6, 2, 3, 3}, {3, 3, 1, 1, 1, 1}, 2, {2, 2, 2, 2, 0, 0}},
    {{70, 8, 10, 10}, {24, 8, 3, 3}, {3, 3, 1, 1, 1, 1}, 1, {2, 2, 2, 2, 0, 0}},
    {{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1, 0, 0}, 1, {1, 1, 1, 1, 0, 0}},
    {{2, 1, 6, 71}, {3, 1, 3, 3}, {3, 3, 1, 1, 0, 0}, 1, {2, 2, 2, 2, 0, 0}},
};

Shape slid(const Shape& x, int64_t channels, const Window& w) {
  return {x[0], channels, (x[2] + 2 * w.pad_h - w.kernel_h) / w.stride_h + 1,
          (x[3] + 2 * w.pad_w - w.kernel_w) / w.stride_w + 1};
}

}  // namespace

TEST_CASE("conv2d_max_pool2d_forward_table_equalsTheTwoOps") {
  for (const Case& c : table) {
    for (Activation activation : {Activation::none, Activation::relu, Activation::gelu}) {
      const std::string name = "conv2d_max_pool2d " + text_of(c.x) + " " + text_of(c.w);
      INFO(name, ", activation ", static_cast<int32_t>(activation));
      Random random(name);
      Buffer x(random.array(c.x)), w(random.array(c.w)), bias(random.array({c.w[0]}));
      const Shape middle = slid(c.x, c.w[0], c.window), small = slid(middle, c.w[0], c.pool);
      Buffer between(zeros(middle)), y(zeros(small)), index(zeros(small, DType::int32));
      Buffer fused(zeros(small)), fused_index(zeros(small, DType::int32)), alone(zeros(small));
      for (int32_t threads : {1, 2}) {
        Kernels& k = kernels(threads);
        k.conv2d_forward(x.view(), w.view(), &bias.view(), between.view(), c.window, c.groups, activation);
        k.max_pool2d_forward(between.view(), y.view(), index.view(), c.pool);
        for (Buffer* out : {&fused, &fused_index, &alone}) out->poison();
        k.conv2d_max_pool2d_forward(x.view(), w.view(), &bias.view(), fused.view(), &fused_index.view(), c.window,
                                    c.groups, activation, c.pool);
        k.conv2d_max_pool2d_forward(x.view(), w.view(), &bias.view(), alone.view(), nullptr, c.window, c.groups,
                                    activation, c.pool);
        CHECK_MESSAGE(fused.bytes() == y.bytes(), "values with an index, threads ", threads);
        CHECK_MESSAGE(fused_index.bytes() == index.bytes(), "index, threads ", threads);
        CHECK_MESSAGE(alone.bytes() == y.bytes(), "values without an index, threads ", threads);
        for (Buffer* out : {&fused, &fused_index, &alone}) CHECK(out->guards_intact());
      }
    }
  }
}

// One image's convolution is more than a backend may hold at once.
TEST_CASE("conv2d_max_pool2d_forward_largeImage_equalsTheTwoOps") {
  const Window window{1, 1, 1, 1, 0, 0}, pool{2, 2, 2, 2, 0, 0};
  Random random("conv2d_max_pool2d large");
  Buffer x(random.array({1, 2, 258, 258})), w(random.array({16, 1, 1, 1})), bias(random.array({16}));
  Buffer between(zeros({1, 16, 258, 258})), y(zeros({1, 16, 129, 129})), index(zeros({1, 16, 129, 129}, DType::int32));
  Buffer fused(zeros({1, 16, 129, 129}));
  Kernels& k = kernels(2);
  k.conv2d_forward(x.view(), w.view(), &bias.view(), between.view(), window, 2, Activation::relu);
  k.max_pool2d_forward(between.view(), y.view(), index.view(), pool);
  fused.poison();
  k.conv2d_max_pool2d_forward(x.view(), w.view(), &bias.view(), fused.view(), nullptr, window, 2, Activation::relu,
                              pool);
  CHECK(fused.bytes() == y.bytes());
}

TEST_CASE("conv2d_max_pool2d_forward_nan_staysNan") {
  const Window window{3, 3, 1, 1, 0, 0}, pool{2, 2, 2, 2, 0, 0};
  for (int64_t place : {0, 1, 6, 7}) {
    Array image = zeros({1, 1, 6, 6});
    image[place] = std::nan("");
    Buffer x(image), w(array_of({1, 1, 3, 3}, {1, 0, 0, 0, 0, 0, 0, 0, 0})), y(zeros({1, 1, 2, 2}));
    kernels(1).conv2d_max_pool2d_forward(x.view(), w.view(), nullptr, y.view(), nullptr, window, 1, Activation::none,
                                         pool);
    CHECK(std::isnan(y.get(0)));
  }
}

TEST_CASE("conv2d_max_pool2d_forward_wrongTensors_areRefused") {
  const Window window{3, 3, 1, 1, 0, 0}, pool{2, 2, 2, 2, 0, 0};
  Buffer x(zeros({1, 1, 6, 6})), w(zeros({2, 1, 3, 3})), y(zeros({1, 2, 3, 3})), bias(zeros({3}));
  const auto refused = [&](TensorView* offset) {
    return refusal([&](Kernels& k) {
      k.conv2d_max_pool2d_forward(x.view(), w.view(), offset, y.view(), nullptr, window, 1, Activation::none, pool);
    });
  };
  CHECK(refused(nullptr) == "[conv2d_max_pool2d_forward] y must be [1, 2, 2, 2]: [1, 2, 3, 3] float32");
  CHECK(refused(&bias.view()) == "[conv2d_max_pool2d_forward] bias must be [2] float32: [3] float32");
}

}  // namespace retort
