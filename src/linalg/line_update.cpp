// Picks the line update for the processor at hand.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/line_update.h"

#include "base/processor.h"

namespace rankflow {

#define RANKFLOW_DECLARE(set)                           \
  namespace set {                                       \
  double update_line_double(const LineUpdate<double>&); \
  double update_line_float(const LineUpdate<float>&);   \
  }
RANKFLOW_DECLARE(line_update_baseline)
#if defined(__x86_64__)
RANKFLOW_DECLARE(line_update_avx2)
RANKFLOW_DECLARE(line_update_avx512)
#endif
#undef RANKFLOW_DECLARE

template <>
LineUpdateFunction<double> line_update<double>() {
#if defined(__x86_64__)
  if (instruction_set() == InstructionSet::avx512) return line_update_avx512::update_line_double;
  if (instruction_set() == InstructionSet::avx2) return line_update_avx2::update_line_double;
#endif
  return line_update_baseline::update_line_double;
}

template <>
LineUpdateFunction<float> line_update<float>() {
#if defined(__x86_64__)
  if (instruction_set() == InstructionSet::avx512) return line_update_avx512::update_line_float;
  if (instruction_set() == InstructionSet::avx2) return line_update_avx2::update_line_float;
#endif
  return line_update_baseline::update_line_float;
}

}  // namespace rankflow
