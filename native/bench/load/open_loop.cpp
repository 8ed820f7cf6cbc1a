// open_loop [OPTIONS] http://HOST[:PORT]/PATH FILE RATE:SECONDS...
//
// POSTs the lines of FILE in turn, at times that do not depend on the server: Poisson arrivals of RATE a second, phase
// after phase. An arrival takes the connection that is free for longest, or opens one, or waits for one; its latency
// counts from the arrival, so a server that stalls pays for everybody who came meanwhile. For each phase it prints the
// rates and, for each status, the latencies in milliseconds; those of "sent" count from the moment at which this
// program really sent the request, which is later where it is kept from the processor or all connections are taken.
//   --closed N                no arrivals: each of N connections asks again once it has its answer; a phase is SECONDS
//   --connections 1024        the most that are open at a time
//   --warm-up RATE:SECONDS    a phase before the others that is not printed
//   --header 'Name: value'    beside Host and Content-Length; once for each
//   --record BYTES            the bodies are not the lines of FILE but pieces of so many bytes
//   --expect TEXT             what the body of a 200 must hold (prediction); else the answer is wrong
//   --keep SECONDS            an arrival that finds no connection for so long is kept here, as by a gateway whose pool
//   is
//                             taken: else arrivals that come faster than any server answers wait here without end
//   --patience 10             seconds after the last arrival; what has no answer then is lost
//   --seed 1                  of the arrivals
//   --each-second             a line for each second, too
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <deque>
#include <exception>
#include <limits>
#include <memory>
#include <random>
#include <unordered_map>
#include <vector>

#include "answers.h"
#include "connection.h"
#include "options.h"
#include "requests.h"

namespace retort::load {
namespace {

using State = Connection::State;
using Clock = std::chrono::steady_clock;

constexpr double never = std::numeric_limits<double>::infinity();
// Going to sleep and waking up takes longer.
constexpr double shortest_sleep = 5e-6;

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        requests_(options.url, options.file, options.record_bytes, options.headers),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        random_(options.seed) {
    double arrivals = 0;
    for (const Phase& phase : options.phases) arrivals += phase.rate * (phase.end - phase.begin);
    answers_.reserve(static_cast<size_t>(1.1 * arrivals) + 1000);
  }
  ~Load() { ::close(epoll_); }

  // Seconds are counted from here.
  const std::vector<Answer>& run() {
    begin_ = Clock::now();
    const double end = options_.phases.back().end, given_up = end + options_.patience;
    double arrival = options_.closed ? never : arrival_after(0);
    for (double time = now(); time < given_up; time = now()) {
      for (; arrival <= time; arrival = arrival_after(arrival)) waiting_.push_back(arrival);
      if (options_.closed && time < end) waiting_.resize(options_.connections - asked_.size(), time);
      if (options_.keep > 0) keep(time - options_.keep);
      while (!waiting_.empty() && (!free_.empty() || open_.size() < options_.connections)) ask();
      if (asked_.empty() && waiting_.empty() && time >= end) break;
      answer(std::min(arrival, time < end ? end : given_up) - now());
    }
    for (const auto& [connection, asked] : asked_) record(asked, lost);
    for (const double waiting : waiting_) answers_.push_back({waiting, 0, 0, lost});
    return answers_;
  }

 private:
  struct Asked {
    double arrival, sent;
  };

  double now() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }

  // The arrivals of a phase begin anew with it: what is left of an exponential gap is exponential.
  double arrival_after(double time) {
    for (; phase_ < options_.phases.size(); ++phase_) {
      const Phase& phase = options_.phases[phase_];
      const double arrival = std::max(time, phase.begin) + gap_(random_) / phase.rate;
      if (arrival < phase.end) return arrival;
    }
    return never;
  }

  // Those that came before this time and wait still are never sent.
  void keep(double before) {
    for (; !waiting_.empty() && waiting_.front() < before; waiting_.pop_front())
      answers_.push_back({waiting_.front(), 0, 0, kept});
  }

  void ask() {
    if (free_.empty()) {
      auto opened = std::make_unique<Connection>(epoll_, requests_.server());
      free_.push_back(opened.get());
      open_.emplace(opened.get(), std::move(opened));
    }
    Connection* connection = free_.front();
    free_.pop_front();
    asked_[connection] = {waiting_.front(), now()};
    waiting_.pop_front();
    connection->send(requests_.next());
  }

  // Takes what has come, and waits for it no longer than given.
  void answer(double seconds) {
    epoll_event events[256];
    timespec most{};
    if (seconds > shortest_sleep) {
      most.tv_sec = static_cast<time_t>(seconds);
      most.tv_nsec = static_cast<long>(1e9 * (seconds - static_cast<double>(most.tv_sec)));
    }
    const int count = epoll_pwait2(epoll_, events, 256, &most, nullptr);
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<Connection*>(events[i].data.ptr);
      settle(connection, connection->on(events[i].events));
    }
  }

  void settle(Connection* connection, State state) {
    if (state == State::busy || state == State::free) return;
    if (state == State::closed) {
      free_.erase(std::remove(free_.begin(), free_.end(), connection), free_.end());
    } else {
      const Asked asked = asked_.at(connection);
      asked_.erase(connection);
      record(asked, state == State::broken ? broken : status_of(*connection));
      if (state == State::answered && connection->release() == State::free) {
        free_.push_back(connection);
        return;
      }
    }
    open_.erase(connection);
  }

  int32_t status_of(const Connection& connection) const {
    return connection.status() == 200 && !connection.body_has(options_.expected) ? wrong : connection.status();
  }

  void record(const Asked& asked, int32_t status) {
    answers_.push_back({asked.arrival, static_cast<float>(asked.sent - asked.arrival),
                        static_cast<float>(now() - asked.arrival), status});
  }

  const Options& options_;
  Requests requests_;
  int epoll_;
  Clock::time_point begin_;
  size_t phase_ = 0;
  std::mt19937_64 random_;
  std::exponential_distribution<double> gap_;
  std::deque<double> waiting_;
  std::deque<Connection*> free_;
  std::unordered_map<Connection*, std::unique_ptr<Connection>> open_;
  std::unordered_map<Connection*, Asked> asked_;
  std::vector<Answer> answers_;
};

void run(const Options& options) {
  // The kernel otherwise lets a sleeper sleep 50 us longer.
  prctl(PR_SET_TIMERSLACK, 1);
  Load load(options);
  const std::vector<Answer>& answers = load.run();
  int number = 0;
  for (const Phase& phase : options.phases) {
    if (!phase.reported) continue;
    report("phase " + std::to_string(++number), phase, answers);
    if (options.each_second) report_seconds(phase, answers);
  }
}

}  // namespace
}  // namespace retort::load

int main(int count, char** arguments) {
  try {
    retort::load::run(retort::load::options_of(count, arguments));
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 2;
  }
}
