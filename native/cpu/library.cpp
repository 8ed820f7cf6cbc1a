// Opens backends that stand in libraries of their own.
#include "retort/library.h"

#include <dlfcn.h>

#include <stdexcept>
#include <string>

#include "retort/cpu.h"

namespace retort {

Kernels* open_kernels(const char* path, const LibrarySettings& settings) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) throw std::runtime_error(std::string("[library] it must load: ") + dlerror());
  using Create = Kernels* (*)(const LibrarySettings&);
  const auto create = reinterpret_cast<Create>(dlsym(library, "retort_create_kernels"));
  if (!create) throw std::runtime_error(std::string("[library] it must be one of Retort's: ") + dlerror());
  return create(settings);
}

}  // namespace retort
