// Asks the processor what it can do.
// SPDX-License-Identifier: Apache-2.0
#include "base/processor.h"

#include <algorithm>
#include <fstream>

namespace rankflow {
namespace {

InstructionSet detect() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw"))
    return InstructionSet::avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return InstructionSet::avx2;
#endif
  return InstructionSet::baseline;
}

InstructionSet& in_use() {
  static InstructionSet set = detect();
  return set;
}

}  // namespace

InstructionSet instruction_set() {
  return in_use();
}

InstructionSet force_instruction_set(InstructionSet most) {
  return in_use() = std::min(most, detect());
}

const char* name(InstructionSet set) {
  switch (set) {
    case InstructionSet::baseline:
      return "baseline";
    case InstructionSet::avx2:
      return "AVX2";
    case InstructionSet::avx512:
      return "AVX-512";
  }
  return "unknown";
}

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown";
}

}  // namespace rankflow
