// The squared loss of a hierarchical factorization over observed cells.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "solver/grow/least_squares.h"
#include "solver/grow/tree_pass.h"

namespace rankflow::grow {

/// `cells` and `tree` must outlive it.
std::unique_ptr<LeastSquares> tree_least_squares(const Cells& cells, const ModeTree& tree,
                                                 const std::vector<Index>& widths);
void tree_values(const Cells& cells, const TreeLayout& layout, const Vector& weights, std::vector<double>& x);

/// Cells are worked on in stretches of this many: their features fit into a cache.
inline constexpr Index kTreeStretch = 512;

}  // namespace rankflow::grow
