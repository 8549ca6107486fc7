// One array from several files: what trains, what chooses and what judges may come apart.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rankflow/tensor.h"

namespace rankflow {

struct JoinedTensor {
  Tensor tensor;                   // named after the first file
  std::vector<std::uint8_t> from;  // of each observation: which file it is from, counted from 0
  Index repeated = 0;              // cells that a further file has again with the same value; they stay with the first
};

/// Modes are matched by their order, indices by their names; names that only further files have get the next positions.
/// Arrays of numbered modes grow to the largest number if they are lists, and must have one shape otherwise. Throws
/// InputError (file and, for text, line) for another order or a cell with two values.
JoinedTensor join_tensors(std::span<const Tensor* const> files);

}  // namespace rankflow
