// retort_test [PART OF A NAME]: runs the table.
#include <cstdio>
#include <stdexcept>

#include "check.h"
#include "retort/cpu.h"

namespace {
// What ctest takes for "skipped".
constexpr int skipped = 77;
}  // namespace

int main(int argc, char** argv) {
  try {
    std::printf("cpu: %s\n", retort::describe_cpu());
  } catch (const std::invalid_argument& missing) {
    std::printf("skipped: %s\n", missing.what());
    return skipped;
  }
  return retort::testing::run(argc > 1 ? argv[1] : "") ? 0 : 1;
}
