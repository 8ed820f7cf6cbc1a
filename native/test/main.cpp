#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <stdexcept>

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
  return doctest::Context(argc, argv).run();
}
