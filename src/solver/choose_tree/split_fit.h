// How well an unfolding of an array is completed as a matrix of low rank.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "rankflow/choose_tree.h"
#include "rankflow/tensor_problem.h"
#include "rankflow/types.h"

namespace rankflow::choose_tree_parts {

/// Observed cells of a block of the array, main effects taken out.
struct ObservedBlock {
  std::vector<Index> shape;
  std::vector<std::vector<std::int32_t>> index;
  std::vector<double> value;
  std::vector<bool> held_out;
};
/// Keeps the most observed indices of modes that are too long for `most_cells`.
template <class T>
ObservedBlock observed_block(const TensorProblem<T>& problem, Index most_cells);

/// The modes of the set bits against the rest. Components enter one by one, the leading direction of the residual
/// first; after each, all are refitted by alternating ridge regression.
SplitFit fit_split(const ObservedBlock& block, unsigned modes);

}  // namespace rankflow::choose_tree_parts
