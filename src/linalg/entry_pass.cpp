// Picks the passes over observed entries for the processor at hand.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/entry_pass.h"

#include "base/processor.h"

namespace rankflow {

#define RANKFLOW_DECLARE(set)                          \
  namespace set {                                      \
  double pass_double(const EntryPass<double>&);        \
  double pass_float(const EntryPass<float>&);          \
  void collect_double(const EntryCollection<double>&); \
  void collect_float(const EntryCollection<float>&);   \
  }
RANKFLOW_DECLARE(entry_pass_baseline)
#if defined(__x86_64__)
RANKFLOW_DECLARE(entry_pass_avx2)
RANKFLOW_DECLARE(entry_pass_avx512)
#endif
#undef RANKFLOW_DECLARE

template <>
EntryKernels<double> entry_kernels<double>() {
#if defined(__x86_64__)
  if (instruction_set() == InstructionSet::avx512)
    return {entry_pass_avx512::pass_double, entry_pass_avx512::collect_double};
  if (instruction_set() == InstructionSet::avx2) return {entry_pass_avx2::pass_double, entry_pass_avx2::collect_double};
#endif
  return {entry_pass_baseline::pass_double, entry_pass_baseline::collect_double};
}

template <>
EntryKernels<float> entry_kernels<float>() {
#if defined(__x86_64__)
  if (instruction_set() == InstructionSet::avx512)
    return {entry_pass_avx512::pass_float, entry_pass_avx512::collect_float};
  if (instruction_set() == InstructionSet::avx2) return {entry_pass_avx2::pass_float, entry_pass_avx2::collect_float};
#endif
  return {entry_pass_baseline::pass_float, entry_pass_baseline::collect_float};
}

}  // namespace rankflow
