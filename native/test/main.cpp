// retort_test [PART OF A NAME]: runs the table.
#include <cstdio>
#include <exception>

#include "backend.h"
#include "check.h"

namespace {
// What ctest takes for "skipped".
constexpr int skipped = 77;
}  // namespace

int main(int argc, char** argv) {
  try {
    std::printf("%s\n", retort::describe_backend().c_str());
  } catch (const std::exception& missing) {
    std::printf("skipped: %s\n", missing.what());
    return skipped;
  }
  return retort::testing::run(argc > 1 ? argv[1] : "") ? 0 : 1;
}
