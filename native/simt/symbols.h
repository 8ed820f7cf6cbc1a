// The arrays that kernels declare in shared memory, as this program's own symbol table has them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace retort::simt {

struct Symbol {
  std::string name;
  uintptr_t begin, end;
};

// In the order of their places, counted from the beginning of the module's thread-local memory. Empty where the file
// has no symbol table. file: the module's, or "" for the program itself.
std::vector<Symbol> shared_arrays(const std::string& file);

}  // namespace retort::simt
