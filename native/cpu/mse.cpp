#include "require/mse.h"

#include "cpu_kernels.h"
#include "split.h"
#include "sum.h"

namespace retort {
namespace RETORT_ISA {

void CpuKernels::mse(const TensorView& x, const TensorView& target, TensorView& loss, TensorView& dx) {
  require_mse(x, target, loss, dx);
  const int64_t n = x.size();
  const float slope = static_cast<float>(2.0 / static_cast<double>(n));
  const float *at = floats(x), *goal = floats(target);
  float* to = floats(dx);
  const double total = split_sum(threads_, n, chunk_elements, [&](int64_t begin, int64_t end) {
    return sum(begin, end, [&](int64_t i) {
      const float error = at[i] - goal[i];
      to[i] = slope * error;
      return error * error;
    });
  });
  *floats(loss) = static_cast<float>(total / static_cast<double>(n));
}

}  // namespace RETORT_ISA
}  // namespace retort
