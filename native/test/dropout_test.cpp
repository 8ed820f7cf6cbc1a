#include <array>
#include <cmath>

#include "table.h"

namespace retort {
namespace {

using Words = std::array<uint32_t, 4>;

Words philox(Words counter, uint32_t key0, uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53u} * counter[0], b = uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key0, static_cast<uint32_t>(b),
               static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key1, static_cast<uint32_t>(a)};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

}  // namespace

TEST_CASE("philox_knownAnswers_areMet") {
  // The vectors of Salmon et al.'s Random123.
  CHECK(philox({0, 0, 0, 0}, 0, 0) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox({~0u, ~0u, ~0u, ~0u}, ~0u, ~0u) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("dropout_table_equalsReference") {
  for (const Shape& shape :
       {Shape{1}, Shape{7}, Shape{64, 10}, Shape{255}, Shape{257}, Shape{2, 3, 5, 7}, Shape{50021}}) {
    for (float rate : {0.0f, 0.1f, 0.5f, 0.999f}) {
      for (int32_t stream : {0, 3, -1}) {
        ValueRow row;
        row.name = "dropout " + text_of(shape) + " rate " + std::to_string(rate) + " stream " + std::to_string(stream);
        row.inputs = {Random(row.name).array(shape), array_of({2}, {-123456789, 42}, DType::int32)};
        row.outputs = {zeros(shape)};
        row.call = [&](Kernels& k, Views& in, Views& out) { k.dropout(in[0], in[1], out[0], rate, stream); };
        row.reference = [&](const Arrays& in, Arrays& out) {
          for (int64_t i = 0; i < out[0].size(); ++i) {
            const Words words = philox({static_cast<uint32_t>(i / 4), 0, static_cast<uint32_t>(stream), 0},
                                       static_cast<uint32_t>(-123456789), 42);
            const double uniform = (words[static_cast<size_t>(i % 4)] >> 8) * 0x1p-24;
            out[0][i] = uniform >= static_cast<double>(rate) ? in[0][i] / (1.0 - static_cast<double>(rate)) : 0;
          }
        };
        row.tolerance = tolerance::elementwise;
        row.in_place = 0;
        check(row);
      }
    }
  }
}

TEST_CASE("dropout_manyElements_keepsTheShare") {
  const int64_t n = 1000000;
  Array ones = zeros({n});
  for (double& value : ones.values) value = 1;
  Buffer x(ones), y(zeros({n})), key(array_of({2}, {7, 9}, DType::int32));
  kernels(2).dropout(x.view(), key.view(), y.view(), 0.3f, 1);
  double kept = 0;
  for (int64_t i = 0; i < n; ++i) kept += y.get(i) != 0;
  // Six deviations of a binomial of n.
  CHECK(std::fabs(kept / static_cast<double>(n) - 0.7) < 6 * std::sqrt(0.21 / static_cast<double>(n)));
}

TEST_CASE("dropout_wrongArguments_areRefused") {
  Buffer x(zeros({3})), key(zeros({2}, DType::int32)), long_key(zeros({3}, DType::int32));
  CHECK(refusal([&](Kernels& k) { k.dropout(x.view(), key.view(), x.view(), 1.0f, 0); }) ==
        "[dropout] rate must be in [0, 1): 1");
  CHECK(refusal([&](Kernels& k) { k.dropout(x.view(), key.view(), x.view(), std::nanf(""), 0); }) ==
        "[dropout] rate must be in [0, 1): nan");
  CHECK(refusal([&](Kernels& k) { k.dropout(x.view(), long_key.view(), x.view(), 0.5f, 0); }) ==
        "[dropout] seed must be [2]: [3] int32");
}

}  // namespace retort
