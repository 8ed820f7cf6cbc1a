#include <cstdlib>
#include <memory>

#include "backend.h"
#include "retort/cpu.h"

namespace retort {

std::string describe_backend() { return std::string("cpu: ") + describe_cpu(); }

Kernels& kernels(int32_t threads) {
  static const std::unique_ptr<Kernels> one(create_cpu_kernels(1)), two(create_cpu_kernels(2));
  return threads == 1 ? *one : *two;
}

Kernels& kernels(Precision) { return kernels(2); }

void* allocate_tensor(size_t bytes) { return std::malloc(bytes); }
void release_tensor(void* memory) { std::free(memory); }

}  // namespace retort
