// Ranks that a mode tree sees: singular values of a tensor unfolded into the modes below a node by the other modes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/tree_factorization.h"
#include "rankflow/types.h"

namespace rankflow {

/// Singular values below this share of an unfolding's largest count as 0: well above the round-off of weights in double
/// precision, well below what a fit to noise-free data leaves.
inline constexpr double kUnfoldingCutoff = 1e-9;

/// Number of singular values above `cutoff` times the largest; they are descending. 0 for a tensor of zeros.
Index numerical_rank(const Vector& singular_values, double cutoff = kUnfoldingCutoff);

/// Of the unfolding modes(node) x the rest, for every node; the root's one value is the Frobenius norm. Exact from the
/// weights, whatever the number of cells: orthogonal bases go up the tree (what is below a node) and down (what is
/// beside it). With two children of width R a node costs O(R^4), less where there are fewer cells.
template <class T>
std::vector<Vector> unfolding_spectra(const TreeFactorization<T>& model);
/// The hierarchical tensor rank: numerical ranks of all nodes' unfoldings.
template <class T>
std::vector<Index> hierarchical_rank(const TreeFactorization<T>& model, double cutoff = kUnfoldingCutoff);

/// The same for any set of modes from all cells, the last mode fastest: also sets that no node has.
Vector unfolding_spectrum(const Vector& cells, const std::vector<Index>& shape, const std::vector<Index>& modes);

}  // namespace rankflow
