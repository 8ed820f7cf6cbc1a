#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include "retort/cpu.h"

int main(int argc, char** argv) {
  std::printf("cpu: %s\n", retort::describe_cpu());
  return doctest::Context(argc, argv).run();
}
