// This library as the loader placed it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "symbols.h"

namespace retort::simt {

struct Range {
  uintptr_t begin = 0, end = 0;
  bool holds(uintptr_t at, size_t bytes) const { return at >= begin && at + bytes <= end; }
};

// The library's constants, and this thread's copy of its static shared arrays.
struct Module {
  std::vector<Range> constants;
  Range statics;
  std::vector<Symbol> arrays;

  // The static array that ends behind the place, the last of those that begin at or before it.
  const Symbol* array_at(uintptr_t at) const;
};
const Module& module();

}  // namespace retort::simt
