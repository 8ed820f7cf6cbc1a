#include "device/division.cuh"

#include "table.h"

namespace retort {
namespace RETORT_ISA {

TEST_CASE("division_everyDivisor_isExactUpToTheLargestIndex") {
  constexpr int64_t largest = 0x7fffffff;
  std::vector<int64_t> divisors;
  for (int64_t d = 1; d <= 300; ++d) divisors.push_back(d);
  for (int64_t power = 512; power <= 1 << 30; power *= 2)
    divisors.insert(divisors.end(), {power - 1, power, power + 1});
  divisors.insert(divisors.end(), {1000003, largest - 1, largest});
  for (int64_t divisor : divisors) {
    const Division<uint32_t> division(divisor);
    const int64_t most = largest / divisor;
    for (int64_t quotient : {int64_t{0}, int64_t{1}, int64_t{2}, most / 3, most / 2, most - 1, most}) {
      for (int64_t n : {quotient * divisor - 1, quotient * divisor, quotient * divisor + divisor - 1}) {
        if (n < 0 || n > largest) continue;
        const int64_t got = division.of(static_cast<uint32_t>(n));
        CHECK_MESSAGE(got == n / divisor, n, " / ", divisor, ": ", got);
      }
    }
  }
}

TEST_CASE("places_outermostLast_areFound") {
  const int64_t sizes[] = {7, 5, 3}, steps[] = {2, 100, 1000};
  const Places<uint32_t> narrow(3, sizes, steps);
  const Places<int64_t> wide(3, sizes, steps);
  for (int64_t i = 0; i < 7 * 5 * 3; ++i) {
    const int64_t want = i % 7 * 2 + i / 7 % 5 * 100 + i / 35 * 1000;
    CHECK(narrow.offset(i) == want);
    CHECK(wide.offset(i) == want);
  }
  CHECK(Places<uint32_t>().offset(0) == 0);
}

}  // namespace RETORT_ISA
}  // namespace retort
