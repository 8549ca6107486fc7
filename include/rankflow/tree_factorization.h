// Hierarchical tensor factorization (Razin, Maman, Cohen 2022): a tree of small tensors, a deep convolutional
// arithmetic circuit.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "rankflow/cp_factorization.h"
#include "rankflow/mode_tree.h"
#include "rankflow/types.h"

namespace rankflow {

/// weights[v] is W^(v), R_v x R_parent(v): for a leaf R_v = shape[v]; the root's has one column. Going up,
///   h_v = W^(v)^T z_v,  z_leaf = unit vector of the mode's index,  z_v = elementwise product of the children's h,
/// so that all children of an inner node v have weights of R_v columns. The cell is h_root.
template <class T>
struct TreeFactorization {
  ModeTree tree;
  std::vector<MatrixOf<T>> weights;

  Index order() const { return tree.order; }
  std::vector<Index> shape() const;
  /// R_v of an inner node: its number of local components.
  Index width(Index node) const { return weights[node].rows(); }
  T entry(std::span<const std::int32_t> index) const;
  /// All cells, the last mode fastest, modes in their natural order.
  VectorOf<T> dense() const;
  /// Of the local components (v, r), r < R_v, of an inner node: product of the norms of column r of each child's
  /// weights and of row r of the node's own.
  Vector local_component_norms(Index node) const;
  /// max over all local components of the difference between squared norms of their vectors; conserved by the flow.
  double unbalancedness() const;
  /// Rescales the vectors of all local components to equal norms: the tensor stays, the sum of squared weights becomes
  /// least and unbalancedness() round-off. Components with a vector of norm 0 are left alone.
  void balance();
};

/// widths: R_v of the inner nodes in the tree's order, or one number for all; 0 = cells / largest size.
template <class T>
TreeFactorization<T> initialize_tree(const ModeTree& tree, const std::vector<Index>& shape,
                                     const std::vector<Index>& widths, const TensorInitializationOptions& options);

}  // namespace rankflow
