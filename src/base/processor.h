// Which kernels this processor runs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace rankflow {

enum class InstructionSet { baseline, avx2, avx512 };

/// The widest instruction set that kernels exist for and this processor runs, or what force_instruction_set() said.
InstructionSet instruction_set();
/// For tests and comparisons: use at most this one. Returns what is then in use.
InstructionSet force_instruction_set(InstructionSet most);
const char* name(InstructionSet set);
/// The processor's own name, "unknown" where the system does not say.
std::string processor_name();

}  // namespace rankflow
