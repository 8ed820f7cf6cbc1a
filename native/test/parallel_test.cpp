#include <cmath>
#include <thread>

#include "table.h"

namespace retort {
namespace {

// A step's worth of calls on tensors of one's own; the bits of all outputs.
std::vector<uint8_t> step(Kernels& k, const std::string& name) {
  Random random(name);
  Buffer x(random.array({64, 8, 26, 26})), pooled(zeros({64, 8, 13, 13})), index(zeros({64, 8, 13, 13}, DType::int32));
  Buffer w(random.array({1352, 100})), z(zeros({64, 100})), teacher(random.array({64, 100}));
  Buffer t(scalar(4)), loss(zeros({1})), dz(zeros({64, 100})), dw(zeros({1352, 100})), dx(zeros({64, 8, 26, 26}));
  k.max_pool2d_forward(x.view(), pooled.view(), index.view(), Window(2, 2, 2, 2, 0, 0));
  TensorView flat = pooled.view();
  flat.rank = 2;
  flat.dims[1] = 1352;
  k.matmul(flat, w.view(), nullptr, z.view(), false, false, Activation::relu);
  k.softmax_kl(z.view(), teacher.view(), t.view(), loss.view(), dz.view());
  k.matmul(flat, dz.view(), nullptr, dw.view(), true, false, Activation::none);
  k.max_pool2d_backward(pooled.view(), index.view(), dx.view(), Window(2, 2, 2, 2, 0, 0));
  std::vector<uint8_t> bits;
  for (Buffer* buffer : {&pooled, &index, &z, &loss, &dz, &dw, &dx}) {
    const std::vector<uint8_t> bytes = buffer->bytes();
    bits.insert(bits.end(), bytes.begin(), bytes.end());
  }
  return bits;
}

}  // namespace

TEST_CASE("parallel_callsFromSeveralThreads_giveTheSameBits") {
  const std::vector<std::string> names = {"first", "second", "third"};
  std::vector<std::vector<uint8_t>> want, got(names.size());
  for (const std::string& name : names) want.push_back(step(kernels(2), name));
  for (int round = 0; round < 5; ++round) {
    std::vector<std::thread> callers;
    for (size_t i = 0; i < names.size(); ++i) {
      callers.emplace_back([&, i] { got[i] = step(kernels(2), names[i]); });
    }
    for (std::thread& caller : callers) caller.join();
    for (size_t i = 0; i < names.size(); ++i) CHECK_MESSAGE(got[i] == want[i], names[i]);
  }
}

TEST_CASE("parallel_refusalOnAnyThread_reachesTheCaller") {
  // The overlapping windows take the path that follows the index.
  const Shape x{64, 16, 26, 26}, y{64, 16, 25, 25};
  Array places = zeros(y, DType::int32);
  places[places.size() - 1] = 676;
  Buffer dy(zeros(y)), index(places), dx(zeros(x));
  std::string text;
  try {
    kernels(2).max_pool2d_backward(dy.view(), index.view(), dx.view(), Window(2, 2, 1, 1, 0, 0));
  } catch (const std::invalid_argument& refused) {
    text = refused.what();
  }
  CHECK(text == "[max_pool2d_backward] index must lie in its plane of 676: 676");
}

}  // namespace retort
