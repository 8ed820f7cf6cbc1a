#include <cstdlib>
#include <memory>

#include "backend.h"
#include "retort/library.h"

extern "C" retort::Kernels* retort_create_kernels(const retort::LibrarySettings& settings);

namespace retort {
namespace {

constexpr size_t scratch_bytes = 8 << 20;

struct Backend {
  explicit Backend(Precision precision) {
    LibrarySettings settings;
    settings.scratch = scratch.get();
    settings.scratch_bytes = scratch_bytes;
    settings.fault = fault;
    settings.precision = precision;
    kernels.reset(retort_create_kernels(settings));
  }

  std::unique_ptr<void, decltype(&std::free)> scratch{std::aligned_alloc(256, scratch_bytes), &std::free};
  alignas(64) unsigned char fault[64] = {};
  std::unique_ptr<Kernels> kernels;
};

std::string of_environment(const char* name, const char* otherwise) {
  const char* given = std::getenv(name);
  return given ? given : otherwise;
}

}  // namespace

std::string describe_backend() {
  return "simt: the CUDA kernels for sm_" + of_environment("RETORT_SIMT_ARCHITECTURE", "80") + ", seed " +
         of_environment("RETORT_SIMT_SEED", "1");
}

// The order of threads goes on from call to call, so that two calls of one kernel see two orders.
Kernels& kernels(int32_t) { return kernels(Precision::float32); }

Kernels& kernels(Precision precision) {
  static Backend float32(Precision::float32), tf32(Precision::tf32), bfloat16(Precision::bfloat16);
  return *(precision == Precision::float32 ? float32 : precision == Precision::tf32 ? tf32 : bfloat16).kernels;
}

void* allocate_tensor(size_t bytes) { return std::malloc(bytes); }
void release_tensor(void* memory) { std::free(memory); }

}  // namespace retort
