#include <cmath>
#include <limits>

#include "retort/bfloat16.h"
#include "retort/error.h"
#include "table.h"

namespace retort {
namespace {

// x with 8 significant bits, to nearest, ties to even: what bfloat16 keeps of a float within its range of exponents.
double rounded(double x) {
  if (x == 0 || !std::isfinite(x)) return x;
  int exponent;
  std::frexp(x, &exponent);
  // Below 2^-126 the step stays that of 2^-126.
  const double step = std::ldexp(1.0, (exponent - 1 < -126 ? -126 : exponent - 1) - 7);
  const double result = std::nearbyint(x / step) * step;
  return std::fabs(result) >= 0x1p128 ? std::copysign(std::numeric_limits<double>::infinity(), x) : result;
}

void check_cast(const std::string& name, const Array& x, DType to) {
  ValueRow row;
  row.name = "cast " + name + " to " + name_of(to);
  row.inputs = {x};
  row.outputs = {zeros(x.shape, to)};
  row.call = [](Kernels& k, Views& in, Views& out) { k.cast(in[0], out[0]); };
  row.reference = [&](const Arrays& in, Arrays& out) {
    for (int64_t i = 0; i < in[0].size(); ++i) out[0][i] = rounded(in[0][i]);
  };
  row.tolerance = tolerance::exact;
  check(row);
}

}  // namespace

TEST_CASE("cast_table_equalsReference") {
  for (const Shape& shape : {Shape{1}, Shape{3}, Shape{8}, Shape{64, 10}, Shape{2, 3, 5, 7}, Shape{20011}}) {
    Array x = Random(text_of(shape)).array(shape, -1000, 1000);
    check_cast(text_of(shape), x, DType::bfloat16);
    for (double& value : x.values) value = rounded(value);
    x.dtype = DType::bfloat16;
    check_cast(text_of(shape), x, DType::float32);
  }
}

TEST_CASE("cast_specialValues_areKept") {
  const double infinity = std::numeric_limits<double>::infinity();
  // Ties on both sides of an even and an odd neighbour, what lies just beyond them, and the ends of the range.
  const std::vector<double> values = {0.0,
                                      -0.0,
                                      infinity,
                                      -infinity,
                                      std::nan(""),
                                      1 + 0x1p-8,
                                      1 + 0x3p-8,
                                      -1 - 0x1p-8,
                                      -1 - 0x3p-8,
                                      1 + 0x1p-8 + 0x1p-23,
                                      1 + 0x3p-8 - 0x1p-23,
                                      3.4028234663852886e38,
                                      -3.4028234663852886e38,
                                      0x1.fep127,
                                      0x1.fefffep127,
                                      0x1p-126,
                                      0x1p-149,
                                      0x1p-133,
                                      0x1p-134,
                                      0x3p-135};
  const int64_t count = static_cast<int64_t>(values.size());
  Array x = array_of({count}, values);
  check_cast("special values", x, DType::bfloat16);
  for (double& value : x.values) value = rounded(value);
  x.dtype = DType::bfloat16;
  check_cast("special values", x, DType::float32);

  Buffer from(array_of({2}, {0.0, -0.0})), to(zeros({2}, DType::bfloat16));
  kernels(1).cast(from.view(), to.view());
  kernels(1).synchronize();
  CHECK(!std::signbit(to.get(0)));
  CHECK(std::signbit(to.get(1)));
}

TEST_CASE("cast_everyBfloat16_comesBack") {
  constexpr int64_t count = 1 << 16;
  Buffer narrow(zeros({count}, DType::bfloat16)), wide(zeros({count})), back(zeros({count}, DType::bfloat16));
  auto* const bits = static_cast<uint16_t*>(narrow.view().data);
  for (int64_t i = 0; i < count; ++i) bits[i] = static_cast<uint16_t>(i);
  kernels(2).cast(narrow.view(), wide.view());
  kernels(2).cast(wide.view(), back.view());
  kernels(2).synchronize();
  const auto* const returned = static_cast<const uint16_t*>(back.view().data);
  for (int64_t i = 0; i < count; ++i) {
    const bool nan = std::isnan(to_float({static_cast<uint16_t>(i)}));
    if (nan ? std::isnan(to_float({returned[i]})) : returned[i] == i) continue;
    FAIL_CHECK("bits ", i, " came back as ", returned[i]);
    return;
  }
}

TEST_CASE("cast_wrongTensors_areRefused") {
  Buffer x(zeros({2, 3})), narrow(zeros({3, 2}, DType::bfloat16)), whole(zeros({2, 3}, DType::int32));
  CHECK(refusal([&](Kernels& k) { k.cast(x.view(), narrow.view()); }) ==
        "[cast] x and y must have one shape: [2, 3] float32 and [3, 2] bfloat16");
  CHECK(refusal([&](Kernels& k) { k.cast(x.view(), whole.view()); }) ==
        "[cast] x and y must be float32 and bfloat16: [2, 3] float32 to [2, 3] int32");
  CHECK(refusal([&](Kernels& k) { k.cast(x.view(), x.view()); }) ==
        "[cast] x and y must be float32 and bfloat16: [2, 3] float32 to [2, 3] float32");
}

}  // namespace retort
