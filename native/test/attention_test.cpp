// Longer than a kernel file may be: the rows of one op stand together.
#include <cmath>
#include <limits>

#include "table.h"

namespace retort {
namespace {

struct Case {
  int64_t batch, heads, queries, keys, depth;
  bool masked = false, causal = false;
  float scale = 0.5f;

  Shape of_queries() const { return {batch, heads, queries, depth}; }
  Shape of_keys() const { return {batch, heads, keys, depth}; }
  Shape of_log_sum() const { return {batch, heads, queries}; }
  std::string name(const std::string& op) const {
    return op + " " + text_of(of_queries()) + " over " + std::to_string(keys) + (masked ? " masked" : "") +
           (causal ? " causal" : "");
  }
};

// Around the blocks of 64 queries and keys; depths around vectors, the kernels' widths 32, 64 and 128, and beyond.
const Case cases[] = {{1, 1, 1, 1, 1},
                      {2, 3, 5, 7, 4, true},
                      {1, 2, 17, 17, 16, false, true},
                      {2, 1, 3, 66, 33, true, true, 0.2f},
                      {1, 1, 65, 64, 64, true, false, 0.125f},
                      {1, 1, 64, 130, 40, false, true, 0.15f},
                      {1, 1, 70, 70, 31, true, true, 0.2f},
                      {1, 1, 66, 33, 128, false, false, 0.088f},
                      {1, 1, 9, 11, 129, true, false, 0.09f}};
// The same for kernels that go through 32 queries or keys at a time.
const Case low_cases[] = {{1, 2, 1, 1, 1},
                          {2, 1, 3, 66, 33, true, true, 0.2f},
                          {1, 1, 65, 40, 20, true, false, 0.2f},
                          {1, 1, 34, 66, 128, false, true, 0.1f},
                          {1, 1, 5, 3, 129, true, false, 0.09f}};
// Few enough elements for differences.
const Case small_cases[] = {
    {1, 2, 3, 4, 5}, {2, 2, 4, 6, 3, true}, {1, 1, 5, 5, 8, true, true}, {2, 1, 3, 7, 1, false, true}};

constexpr double nothing = -std::numeric_limits<double>::infinity();

// A mask takes some keys of each sample away and moves the others' scores.
Array mask_of(Random& random, const Case& c) {
  Array mask = random.array({c.batch, c.keys});
  for (int64_t i = 0; i < mask.size(); ++i) {
    if (i % 5 == 1) mask[i] = nothing;
  }
  return mask;
}

Arrays inputs_of(Random& random, const Case& c) {
  Arrays inputs = {random.array(c.of_queries()), random.array(c.of_keys()), random.array(c.of_keys())};
  if (c.masked) inputs.push_back(mask_of(random, c));
  return inputs;
}

// p[pair][query][key], and log Σ e^score of each row.
struct Weights {
  std::vector<double> p, log_sum;
};

Weights weights_of(const Case& c, const Arrays& in) {
  const int64_t rows = c.batch * c.heads * c.queries;
  Weights weights{std::vector<double>(static_cast<size_t>(rows * c.keys)),
                  std::vector<double>(static_cast<size_t>(rows))};
  std::vector<double> scores(static_cast<size_t>(c.keys));
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t pair = r / c.queries, query = r % c.queries;
    double most = nothing, sum = 0;
    for (int64_t j = 0; j < c.keys; ++j) {
      double score = 0;
      for (int64_t d = 0; d < c.depth; ++d) score += in[0][r * c.depth + d] * in[1][(pair * c.keys + j) * c.depth + d];
      score = c.scale * score + (in.size() > 3 ? in[3][pair / c.heads * c.keys + j] : 0);
      if (c.causal && j > query + c.keys - c.queries) score = nothing;
      scores[static_cast<size_t>(j)] = score;
      most = std::max(most, score);
    }
    for (double score : scores) sum += most == nothing ? 0 : std::exp(score - most);
    weights.log_sum[static_cast<size_t>(r)] = most + std::log(sum);
    for (int64_t j = 0; j < c.keys; ++j) {
      const double score = scores[static_cast<size_t>(j)];
      weights.p[static_cast<size_t>(r * c.keys + j)] = score == nothing ? 0 : std::exp(score - most) / sum;
    }
  }
  return weights;
}

std::vector<double> attention(const Case& c, const Arrays& in) {
  const Weights weights = weights_of(c, in);
  std::vector<double> y(static_cast<size_t>(size_of(c.of_queries())));
  for (int64_t r = 0; r < c.batch * c.heads * c.queries; ++r) {
    for (int64_t j = 0; j < c.keys; ++j) {
      const double p = weights.p[static_cast<size_t>(r * c.keys + j)];
      const int64_t row = (r / c.queries * c.keys + j) * c.depth;
      for (int64_t d = 0; d < c.depth; ++d) y[static_cast<size_t>(r * c.depth + d)] += p * in[2][row + d];
    }
  }
  return y;
}

// dq, dk, dv by the chain rule, from q, k, v, mask and dy.
void gradients(const Case& c, const Arrays& in, const Array& dy, Arrays& out) {
  const Weights weights = weights_of(c, in);
  const std::vector<double> y = attention(c, in);
  for (int64_t r = 0; r < c.batch * c.heads * c.queries; ++r) {
    double delta = 0;
    for (int64_t d = 0; d < c.depth; ++d) delta += dy[r * c.depth + d] * y[static_cast<size_t>(r * c.depth + d)];
    for (int64_t j = 0; j < c.keys; ++j) {
      const double p = weights.p[static_cast<size_t>(r * c.keys + j)];
      const int64_t row = (r / c.queries * c.keys + j) * c.depth, query = r * c.depth;
      double dp = 0;
      for (int64_t d = 0; d < c.depth; ++d) dp += dy[query + d] * in[2][row + d];
      const double ds = p * (dp - delta) * c.scale;
      for (int64_t d = 0; d < c.depth; ++d) {
        out[0][query + d] += ds * in[1][row + d];
        out[1][row + d] += ds * in[0][query + d];
        out[2][row + d] += p * dy[query + d];
      }
    }
  }
}

TensorView* mask_in(const Case& c, Views& in) { return c.masked ? &in[3] : nullptr; }

ValueRow forward_row(const Case& c, const std::string& name, Tolerance tolerance) {
  ValueRow row;
  row.name = c.name(name);
  Random random(row.name);
  row.inputs = inputs_of(random, c);
  row.outputs = {zeros(c.of_queries()), zeros(c.of_log_sum())};
  row.call = [c](Kernels& k, Views& in, Views& out) {
    k.attention_forward(in[0], in[1], in[2], mask_in(c, in), out[0], out[1], c.scale, c.causal);
  };
  row.reference = [c](const Arrays& in, Arrays& out) {
    out[0].values = attention(c, in);
    out[1].values = weights_of(c, in).log_sum;
  };
  row.tolerance = tolerance;
  return row;
}

// The inputs after q, k, v and the mask: y, dy, log_sum.
ValueRow backward_row(const Case& c, const std::string& name, Tolerance tolerance) {
  ValueRow row;
  row.name = c.name(name);
  Random random(row.name);
  row.inputs = inputs_of(random, c);
  Array y = zeros(c.of_queries()), log_sum = zeros(c.of_log_sum());
  y.values = attention(c, row.inputs);
  log_sum.values = weights_of(c, row.inputs).log_sum;
  const size_t first = row.inputs.size();
  row.inputs.push_back(y);
  row.inputs.push_back(random.array(c.of_queries()));
  row.inputs.push_back(log_sum);
  row.outputs = {zeros(c.of_queries()), zeros(c.of_keys()), zeros(c.of_keys())};
  row.call = [c, first](Kernels& k, Views& in, Views& out) {
    k.attention_backward(in[0], in[1], in[2], mask_in(c, in), in[first], in[first + 1], in[first + 2], out[0], out[1],
                         out[2], c.scale, c.causal);
  };
  row.reference = [c, first](const Arrays& in, Arrays& out) {
    gradients(c, Arrays(in.begin(), in.begin() + static_cast<int64_t>(first)), in[first + 1], out);
  };
  row.tolerance = tolerance;
  return row;
}

}  // namespace

TEST_CASE("attention_forward_table_equalsReference") {
  for (const Case& c : cases) check(forward_row(c, "attention_forward", tolerance::composed));
}

TEST_CASE("attention_backward_table_equalsReference") {
  for (const Case& c : cases) check(backward_row(c, "attention_backward", tolerance::composed));
}

TEST_CASE("attention_backward_small_equalsDifferences") {
  for (const Case& c : small_cases) {
    GradientRow row;
    row.name = c.name("attention");
    Random random(row.name);
    row.inputs = inputs_of(random, c);
    row.y = c.of_queries();
    row.differentiated = 3;
    row.forward = [&](const Arrays& in) { return attention(c, in); };
    row.call = [&](Kernels& k, Views& in, TensorView& dy, Views& gradients) {
      Buffer y(zeros(c.of_queries())), log_sum(zeros(c.of_log_sum()));
      k.attention_forward(in[0], in[1], in[2], mask_in(c, in), y.view(), log_sum.view(), c.scale, c.causal);
      k.attention_backward(in[0], in[1], in[2], mask_in(c, in), y.view(), dy, log_sum.view(), gradients[0],
                           gradients[1], gradients[2], c.scale, c.causal);
    };
    check(row);
  }
}

TEST_CASE("attention_lowPrecision_staysNearTheReference") {
  for (const Case& c : low_cases) {
    for (Precision precision : {Precision::tf32, Precision::bfloat16}) {
      const bool tf32 = precision == Precision::tf32;
      const Tolerance near = tf32 ? tolerance::attention_tf32 : tolerance::attention_bfloat16;
      for (bool backward : {false, true}) {
        const std::string name = std::string("attention ") + (tf32 ? "tf32" : "bfloat16");
        ValueRow row = backward ? backward_row(c, name, near) : forward_row(c, name, near);
        const auto call = row.call;
        row.call = [&](Kernels&, Views& in, Views& out) {
          call(kernels(precision), in, out);
          kernels(precision).synchronize();
        };
        check(row);
      }
    }
  }
}

TEST_CASE("attention_largeScores_staysFinite") {
  Case c{1, 1, 3, 70, 8, false, false, 1e3f};
  check(forward_row(c, "attention_forward of large scores", {1e-3, 1e-3}));
}

TEST_CASE("attention_everyKeyMasked_isZeroWithoutGradient") {
  const Case c{2, 2, 3, 66, 4, true};
  Random random("every key masked");
  Arrays inputs = inputs_of(random, c);
  for (int64_t j = 0; j < c.keys; ++j) inputs[3][c.keys + j] = nothing;
  Buffer q(inputs[0]), k(inputs[1]), v(inputs[2]), mask(inputs[3]), dy(random.array(c.of_queries()));
  for (Precision precision : {Precision::float32, Precision::tf32, Precision::bfloat16}) {
    Kernels& kernels = retort::kernels(precision);
    Buffer y(zeros(c.of_queries())), log_sum(zeros(c.of_log_sum())), dq(inputs[0]), dk(inputs[1]), dv(inputs[2]);
    for (Buffer* output : {&y, &log_sum, &dq, &dk, &dv}) output->poison();
    kernels.attention_forward(q.view(), k.view(), v.view(), &mask.view(), y.view(), log_sum.view(), c.scale, c.causal);
    kernels.attention_backward(q.view(), k.view(), v.view(), &mask.view(), y.view(), dy.view(), log_sum.view(),
                               dq.view(), dk.view(), dv.view(), c.scale, c.causal);
    kernels.synchronize();
    const int64_t half = y.view().size() / 2, keys_half = dk.view().size() / 2;
    for (int64_t i = 0; i < half; ++i) {
      CHECK((y.get(i) != 0));
      CHECK((dq.get(i) != 0));
      CHECK(y.get(half + i) == 0);
      CHECK(dq.get(half + i) == 0);
    }
    for (int64_t i = 0; i < keys_half; ++i) {
      CHECK(dk.get(keys_half + i) == 0);
      CHECK(dv.get(keys_half + i) == 0);
    }
    for (int64_t i = 0; i < log_sum.view().size(); ++i) {
      CHECK((log_sum.get(i) == nothing) == (i >= log_sum.view().size() / 2));
    }
  }
}

TEST_CASE("attention_nan_staysInItsRow") {
  const Case c{1, 1, 5, 67, 4};
  Random random("nan");
  Arrays inputs = inputs_of(random, c);
  inputs[0][2 * c.depth + 1] = std::nan("");
  Buffer q(inputs[0]), k(inputs[1]), v(inputs[2]), y(zeros(c.of_queries())), log_sum(zeros(c.of_log_sum()));
  kernels(1).attention_forward(q.view(), k.view(), v.view(), nullptr, y.view(), log_sum.view(), c.scale, false);
  kernels(1).synchronize();
  for (int64_t i = 0; i < y.view().size(); ++i) CHECK(std::isnan(y.get(i)) == (i / c.depth == 2));
}

TEST_CASE("attention_wrongTensors_areRefused") {
  Buffer q(zeros({2, 3, 4, 5})), k(zeros({2, 3, 6, 5})), v(zeros({2, 3, 6, 5})), y(zeros({2, 3, 4, 5})),
      log_sum(zeros({2, 3, 4})), mask(zeros({2, 6})), few(zeros({2, 3, 2, 5})), heads(zeros({2, 1, 6, 5})),
      flat(zeros({6, 5})), short_mask(zeros({2, 4}));
  auto forward = [&](Buffer& q, Buffer& k, Buffer& v, Buffer* mask, Buffer& y, Buffer& log_sum, bool causal) {
    return refusal([&](Kernels& kernels) {
      kernels.attention_forward(q.view(), k.view(), v.view(), mask ? &mask->view() : nullptr, y.view(), log_sum.view(),
                                1, causal);
    });
  };
  CHECK(forward(q, k, v, &mask, y, log_sum, true) == "");
  CHECK(forward(flat, k, v, &mask, y, log_sum, false) == "[attention_forward] q must be [B, H, S, D]: [6, 5] float32");
  CHECK(forward(q, k, few, &mask, y, log_sum, false) ==
        "[attention_forward] k and v must have one shape: [2, 3, 6, 5] float32 and [2, 3, 2, 5] float32");
  CHECK(forward(q, heads, heads, &mask, y, log_sum, false) ==
        "[attention_forward] q and k must agree in B, H and D: [2, 3, 4, 5] float32 and [2, 1, 6, 5] float32");
  CHECK(forward(q, few, few, nullptr, y, log_sum, true) ==
        "[attention_forward] S must not be over S' where attention is causal: 4 over 2");
  CHECK(forward(q, k, v, &short_mask, y, log_sum, false) ==
        "[attention_forward] mask must be [B, S'] = [2, 6]: [2, 4] float32");
  CHECK(forward(q, k, v, nullptr, few, log_sum, false) ==
        "[attention_forward] q and y must have one shape: [2, 3, 4, 5] float32 and [2, 3, 2, 5] float32");
  CHECK(forward(q, k, v, nullptr, y, mask, false) ==
        "[attention_forward] log_sum must be [B, H, S] = [2, 3, 4]: [2, 6] float32");
  CHECK(refusal([&](Kernels& kernels) {
          kernels.attention_backward(q.view(), k.view(), v.view(), nullptr, y.view(), y.view(), log_sum.view(),
                                     few.view(), k.view(), v.view(), 1, false);
        }) == "[attention_backward] q and dq must have one shape: [2, 3, 4, 5] float32 and [2, 3, 2, 5] float32");
}

}  // namespace retort
