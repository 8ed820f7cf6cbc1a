#include "answers.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

namespace retort::load {
namespace {

// Latencies by status, in seconds, sorted.
using Latencies = std::map<int32_t, std::vector<float>>;

// Of the arrivals in this span, counted from the arrival or from the sending.
Latencies between(double begin, double end, const std::vector<Answer>& answers, bool from_sending) {
  Latencies latencies;
  for (const Answer& answer : answers) {
    if (answer.arrival < begin || answer.arrival >= end) continue;
    latencies[answer.status].push_back(answer.latency - (from_sending ? answer.late : 0));
  }
  for (auto& of_status : latencies) std::sort(of_status.second.begin(), of_status.second.end());
  return latencies;
}

size_t count(const Latencies& latencies, int32_t status) {
  const auto found = latencies.find(status);
  return found == latencies.end() ? 0 : found->second.size();
}

size_t count(const Latencies& latencies) {
  size_t all = 0;
  for (const auto& of_status : latencies) all += of_status.second.size();
  return all;
}

size_t answered(const Latencies& latencies) {
  return count(latencies) - count(latencies, broken) - count(latencies, wrong) - count(latencies, lost) -
         count(latencies, kept);
}

// The smallest that the given share does not exceed.
double percentile(const std::vector<float>& sorted, double share) {
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return 1e3 * sorted[std::max<size_t>(rank, 1) - 1];
}

void print_failures(const Latencies& latencies) {
  std::printf(" broken %zu wrong %zu lost %zu kept %zu", count(latencies, broken), count(latencies, wrong),
              count(latencies, lost), count(latencies, kept));
}

}  // namespace

void report(const std::string& name, const Phase& phase, const std::vector<Answer>& answers) {
  const Latencies latencies = between(phase.begin, phase.end, answers, false);
  const Latencies services = between(phase.begin, phase.end, answers, true);
  const double seconds = phase.end - phase.begin;
  std::printf("%s offered %.1f answered %.1f", name.c_str(), static_cast<double>(count(latencies)) / seconds,
              static_cast<double>(answered(latencies)) / seconds);
  print_failures(latencies);
  std::printf("\n");
  for (const auto& [status, sorted] : latencies) {
    if (status < 0) continue;
    const std::vector<float>& service = services.at(status);
    std::printf("%s status %d count %zu p50 %.3f p90 %.3f p99 %.3f p99.9 %.3f max %.3f sent-p50 %.3f sent-p99 %.3f\n",
                name.c_str(), status, sorted.size(), percentile(sorted, 0.5), percentile(sorted, 0.9),
                percentile(sorted, 0.99), percentile(sorted, 0.999), percentile(sorted, 1), percentile(service, 0.5),
                percentile(service, 0.99));
  }
}

void report_seconds(const Phase& phase, const std::vector<Answer>& answers) {
  for (double begin = phase.begin; begin < phase.end; ++begin) {
    const Latencies latencies = between(begin, std::min(begin + 1, phase.end), answers, false);
    std::printf("second %.0f offered %zu", begin, count(latencies));
    for (const auto& [status, sorted] : latencies) {
      if (status > 0)
        std::printf(" %d %zu p50 %.3f p99 %.3f", status, sorted.size(), percentile(sorted, 0.5),
                    percentile(sorted, 0.99));
    }
    print_failures(latencies);
    std::printf("\n");
  }
}

}  // namespace retort::load
