// Chooses the instruction set and speaks to OpenBLAS at start-up; compiled for every processor.
#include "retort/cpu.h"

#include <cblas.h>

#include <cstdlib>
#include <string>

#include "retort/error.h"

namespace retort {

namespace baseline {
Kernels* create_kernels(int32_t threads);
}
#if defined(__x86_64__)
namespace avx2 {
Kernels* create_kernels(int32_t threads);
}
namespace avx512 {
Kernels* create_kernels(int32_t threads);
}
#endif

namespace {

struct InstructionSet {
  const char* name;  // as RETORT_ISA names it
  const char* architecture;
  Kernels* (*create)(int32_t threads);
  bool present;
};

struct Cpu {
  const InstructionSet* chosen;
  std::string description;
};

bool holds_back(const InstructionSet& best, const std::string& core) {
  static const char* const below_avx512[] = {"Haswell", "Zen", "Excavator"};
  static const char* const below_avx2[] = {"Prescott",    "Core2",  "Penryn",    "Dunnington", "Nehalem",
                                           "Sandybridge", "Atom",   "Nano",      "Katmai",     "Coppermine",
                                           "Northwood",   "Banias", "Athlon",    "Opteron",    "Opteron_SSE3",
                                           "Barcelona",   "Bobcat", "Bulldozer", "Piledriver", "Steamroller"};
  const std::string name = best.name;
  if (name == "avx512") {
    for (const char* low : below_avx512) {
      if (core == low) return true;
    }
  }
  if (name == "avx512" || name == "avx2") {
    for (const char* low : below_avx2) {
      if (core == low) return true;
    }
  }
  return false;
}

Cpu find() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  static const InstructionSet sets[] = {{"avx512", "x86-64-v4", avx512::create_kernels, v4},
                                        {"avx2", "x86-64-v3", avx2::create_kernels, v3},
                                        {"baseline", "x86-64", baseline::create_kernels, true}};
#else
  static const InstructionSet sets[] = {{"baseline", "baseline", baseline::create_kernels, true}};
#endif
  const InstructionSet* best = nullptr;
  const InstructionSet* chosen = nullptr;
  const char* forced = std::getenv("RETORT_ISA");
  for (const InstructionSet& set : sets) {
    if (set.present && !best) best = &set;
    if (set.present && forced && std::string(forced) == set.name) chosen = &set;
  }
  if (forced && *forced && !chosen) {
    refuse("cpu", std::string("RETORT_ISA must name a set that this processor has (its best is ") + best->name + ")",
           forced);
  }
  if (!chosen) chosen = best;

  // The pool above OpenBLAS is the process's only one.
  openblas_set_num_threads(1);
  const std::string core = openblas_get_corename();
  std::string text = std::string(chosen->architecture) + ", OpenBLAS " + core;
  if (holds_back(*best, core)) {
    const char* variable = std::getenv("OPENBLAS_CORETYPE");
    text += " (this processor can do more: ";
    text += variable ? std::string("unset OPENBLAS_CORETYPE, which is ") + variable : "this OpenBLAS does not know it";
    text += ")";
  }
  return {chosen, text};
}

const Cpu& cpu() {
  // Never destroyed: describe_cpu() promises its text for the life of the process.
  static const Cpu* found = new Cpu(find());
  return *found;
}

}  // namespace

Kernels* create_cpu_kernels(int32_t threads) {
  if (threads < 1) refuse("cpu", "threads must be 1 or more", threads);
  return cpu().chosen->create(threads);
}

void destroy_kernels(Kernels* kernels) { delete kernels; }

const char* describe_cpu() { return cpu().description.c_str(); }

}  // namespace retort
