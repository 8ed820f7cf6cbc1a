// Where the loader put this library's constants and static shared arrays.
#include "module.h"

#include <link.h>

#include <algorithm>
#include <cstdint>

namespace retort::simt {
namespace {

int look_at(dl_phdr_info* info, size_t, void* found) {
  Module module;
  bool ours = false;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = info->dlpi_phdr[i];
    const uintptr_t begin = info->dlpi_addr + part.p_vaddr;
    if (part.p_type == PT_LOAD) {
      const Range range{begin, begin + part.p_memsz};
      if (range.holds(reinterpret_cast<uintptr_t>(&look_at), 1)) ours = true;
      if (!(part.p_flags & PF_W)) module.constants.push_back(range);
    } else if (part.p_type == PT_GNU_RELRO) {
      module.constants.push_back({begin, begin + part.p_memsz});
    } else if (part.p_type == PT_TLS && info->dlpi_tls_data) {
      const uintptr_t data = reinterpret_cast<uintptr_t>(info->dlpi_tls_data);
      module.statics = {data, data + part.p_memsz};
    }
  }
  if (!ours) return 0;
  module.arrays = shared_arrays(info->dlpi_name);
  *static_cast<Module*>(found) = module;
  return 1;
}

}  // namespace

const Module& module() {
  thread_local const Module found = [] {
    Module m;
    dl_iterate_phdr(look_at, &m);
    return m;
  }();
  return found;
}

const Symbol* Module::array_at(uintptr_t at) const {
  const uintptr_t offset = at - statics.begin;
  const auto next = std::upper_bound(arrays.begin(), arrays.end(), offset,
                                     [](uintptr_t o, const Symbol& array) { return o < array.begin; });
  return next == arrays.begin() ? nullptr : &*(next - 1);
}

}  // namespace retort::simt
