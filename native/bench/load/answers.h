// What came of every request, and what is printed of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace retort::load {

// Beside the statuses of HTTP.
constexpr int32_t broken = -1, wrong = -2, lost = -3, kept = -4;

struct Answer {
  double arrival;  // seconds since the first phase began, at which the request should have been sent
  float late;      // seconds from then until it was sent
  float latency;   // seconds from its arrival to the last byte of the answer
  int32_t status;
};

// A span of arrivals, in seconds since the first phase began. No rate: as fast as the answers come.
struct Phase {
  double rate, begin, end;
  bool reported;
};

// Prints rates, what went wrong, and the latencies of each status in milliseconds, from the arrival and from the
// sending.
void report(const std::string& name, const Phase& phase, const std::vector<Answer>& answers);

// The same in one line for each second.
void report_seconds(const Phase& phase, const std::vector<Answer>& answers);

}  // namespace retort::load
