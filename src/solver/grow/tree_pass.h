// A hierarchical factorization on observed cells: what every node says there, and how the cells depend on every node.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/mode_tree.h"
#include "solver/grow/cells.h"

namespace rankflow::grow {

/// Where the weights of every node lie in one vector: W^(v), rows(v) x columns(v), row by row, nodes in their order.
class TreeLayout {
 public:
  /// widths: R_v of the inner nodes, in their order.
  TreeLayout(const ModeTree& tree, const std::vector<Index>& shape, const std::vector<Index>& widths);

  const ModeTree& tree() const { return *tree_; }
  Index rows(Index node) const { return rows_[node]; }
  Index columns(Index node) const { return node == tree_->root() ? 1 : rows_[tree_->parent[node]]; }
  Index offset(Index node) const { return offset_[node]; }
  Index size() const { return offset_.back(); }
  Eigen::Map<const Matrix> block(const double* weights, Index node) const {
    return {weights + offset(node), rows(node), columns(node)};
  }
  Eigen::Map<Matrix> block(double* weights, Index node) const {
    return {weights + offset(node), rows(node), columns(node)};
  }

 private:
  const ModeTree* tree_;
  std::vector<Index> rows_, offset_;
};

/// Of the cells [begin, end): for every node v, below[v] = h_v (columns(v) numbers a cell), inside[v] = z_v of inner
/// nodes (rows(v) numbers), above[v] = d cell / d h_v. See TreeFactorization.
struct TreePass {
  std::vector<Matrix> below, inside, above;
  Index begin = 0, end = 0;

  void forward(const TreeLayout& layout, const Cells& cells, const double* weights, Index first, Index last);
  /// After forward().
  void backward(const TreeLayout& layout, const double* weights);
  Index index(const Cells& cells, Index leaf, Index k) const {
    return cells.row[(begin + k) * cells.order() + leaf] - cells.first_row[leaf];
  }
};

}  // namespace rankflow::grow
