// Picks the CP passes for the processor at hand.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/cp_passes.h"

#include "base/processor.h"

namespace rankflow {

namespace cp_passes_baseline {
extern const CpPasses passes;
}
#if defined(__x86_64__)
namespace cp_passes_avx2 {
extern const CpPasses passes;
}
namespace cp_passes_avx512 {
extern const CpPasses passes;
}
#endif

const CpPasses& cp_passes() {
#if defined(__x86_64__)
  if (instruction_set() == InstructionSet::avx512) return cp_passes_avx512::passes;
  if (instruction_set() == InstructionSet::avx2) return cp_passes_avx2::passes;
#endif
  return cp_passes_baseline::passes;
}

}  // namespace rankflow
