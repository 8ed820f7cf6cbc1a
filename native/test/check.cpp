#include "check.h"

#include <cstdio>
#include <exception>
#include <vector>

namespace retort::testing {
namespace {

Case* first = nullptr;
Case** last = &first;
const Case* current = nullptr;
std::vector<std::string> notes;
int64_t checks = 0;
int64_t failures_of_case = 0;
// A broken loop must not fill the log.
constexpr int64_t most_shown = 20;

}  // namespace

Case::Case(const char* name, void (*body)()) : name(name), body(body), next(nullptr) {
  *last = this;
  last = &next;
}

Note::Note(std::string text) { notes.push_back(std::move(text)); }
Note::~Note() { notes.pop_back(); }

void passed() { ++checks; }

void failed(const char* file, int line, const std::string& what) {
  ++checks;
  if (++failures_of_case > most_shown) return;
  std::printf("%s:%d: %s: %s", file, line, current->name, what.c_str());
  for (const std::string& note : notes) std::printf(" (%s)", note.c_str());
  std::printf("\n");
}

bool run(const std::string& filter) {
  int64_t good = 0, bad = 0;
  for (current = first; current != nullptr; current = current->next) {
    if (std::string(current->name).find(filter) == std::string::npos) continue;
    failures_of_case = 0;
    try {
      current->body();
    } catch (const std::exception& e) {
      failed("", 0, text("threw ", e.what()));
    }
    ++(failures_of_case == 0 ? good : bad);
    if (failures_of_case > most_shown) std::printf("%s: %lld failures\n", current->name, (long long)failures_of_case);
  }
  std::printf("%lld checks\n%lld passed, %lld failed\n", (long long)checks, (long long)good, (long long)bad);
  return bad == 0 && good > 0;
}

}  // namespace retort::testing
