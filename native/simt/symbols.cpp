#include "symbols.h"

#include <cxxabi.h>
#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace retort::simt {
namespace {

template <typename T>
std::vector<T> read_at(std::ifstream& file, uint64_t offset, uint64_t bytes) {
  std::vector<T> values(bytes / sizeof(T));
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
  if (!file) values.clear();
  return values;
}

// "tile" of "_ZZN6retort4cuda…15transpose_kernel…E4tile": a local of a function.
std::string last_name(const char* mangled) {
  int status = 0;
  char* const whole = abi::__cxa_demangle(mangled, nullptr, nullptr, &status);
  std::string name = whole ? whole : mangled;
  std::free(whole);
  const size_t at = name.rfind("::");
  return at == std::string::npos ? name : name.substr(at + 2);
}

}  // namespace

std::vector<Symbol> shared_arrays(const std::string& path) {
  std::vector<Symbol> arrays;
  std::ifstream file(path.empty() ? "/proc/self/exe" : path, std::ios::binary);
  const std::vector<ElfW(Ehdr)> header = read_at<ElfW(Ehdr)>(file, 0, sizeof(ElfW(Ehdr)));
  if (header.empty() || std::memcmp(header[0].e_ident, ELFMAG, SELFMAG) != 0) return arrays;
  const auto sections = read_at<ElfW(Shdr)>(file, header[0].e_shoff, uint64_t{header[0].e_shnum} * sizeof(ElfW(Shdr)));
  for (const ElfW(Shdr) & section : sections) {
    if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections.size()) continue;
    const ElfW(Shdr)& strings = sections[section.sh_link];
    std::vector<char> names = read_at<char>(file, strings.sh_offset, strings.sh_size);
    names.push_back('\0');
    for (const ElfW(Sym) & symbol : read_at<ElfW(Sym)>(file, section.sh_offset, section.sh_size)) {
      if (ELF64_ST_TYPE(symbol.st_info) != STT_TLS || symbol.st_size == 0 || symbol.st_name >= names.size()) continue;
      const char* const name = names.data() + symbol.st_name;
      // Locals of functions are kernels' arrays, but for simt's own.
      if (std::strncmp(name, "_ZZ", 3) != 0 || std::strstr(name, "6retort4simt")) continue;
      arrays.push_back({last_name(name), symbol.st_value, symbol.st_value + symbol.st_size});
    }
  }
  std::sort(arrays.begin(), arrays.end(), [](const Symbol& a, const Symbol& b) { return a.begin < b.begin; });
  return arrays;
}

}  // namespace retort::simt
