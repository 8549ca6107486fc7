// Which kernels suit rows of so many bytes?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/processor.h"

namespace rankflow {

/// Rows of less than a cache line need vectors that are no longer.
inline InstructionSet fitting(std::int64_t row_bytes) {
  const InstructionSet most = row_bytes < 32   ? InstructionSet::baseline
                              : row_bytes < 64 ? InstructionSet::avx2
                                               : InstructionSet::avx512;
  return std::min(most, instruction_set());
}

}  // namespace rankflow
