// Picks the passes over long arrays for the processor at hand.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/vector_passes.h"

#include "base/processor.h"

namespace rankflow {

#define RANKFLOW_DECLARE(set)                      \
  namespace set {                                  \
  extern const VectorPasses<double> passes_double; \
  extern const VectorPasses<float> passes_float;   \
  }
RANKFLOW_DECLARE(vector_passes_baseline)
#if defined(__x86_64__)
RANKFLOW_DECLARE(vector_passes_avx2)
RANKFLOW_DECLARE(vector_passes_avx512)
#endif
#undef RANKFLOW_DECLARE

template <>
VectorPasses<double> vector_passes<double>() {
#if defined(__x86_64__)
  if (instruction_set() == InstructionSet::avx512) return vector_passes_avx512::passes_double;
  if (instruction_set() == InstructionSet::avx2) return vector_passes_avx2::passes_double;
#endif
  return vector_passes_baseline::passes_double;
}

template <>
VectorPasses<float> vector_passes<float>() {
#if defined(__x86_64__)
  if (instruction_set() == InstructionSet::avx512) return vector_passes_avx512::passes_float;
  if (instruction_set() == InstructionSet::avx2) return vector_passes_avx2::passes_float;
#endif
  return vector_passes_baseline::passes_float;
}

}  // namespace rankflow
