#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "answers.h"

namespace retort::load {

// What open_loop.cpp lists.
struct Options {
  std::vector<Phase> phases;
  std::string url, file, expected = "prediction";
  std::vector<std::string> headers;
  size_t connections = 1024, record_bytes = 0;
  double patience = 10, keep = 0;
  uint64_t seed = 1;
  bool closed = false, each_second = false;
};

// Throws std::invalid_argument with what must hold and what came.
Options options_of(int count, char** arguments);

}  // namespace retort::load
