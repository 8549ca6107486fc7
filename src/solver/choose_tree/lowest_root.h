// A tree without a meaning of its root, and where to put the root.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "rankflow/mode_tree.h"

namespace rankflow::choose_tree_parts {

/// Leaves 0 .. order - 1; join() makes the nodes that follow.
class BinaryTree {
 public:
  explicit BinaryTree(Index order) : order_(order) {}
  Index join(Index left, Index right) {
    pairs_.emplace_back(left, right);
    return order_ + static_cast<Index>(pairs_.size()) - 1;
  }
  Index order() const { return order_; }
  const std::vector<std::pair<Index, Index>>& pairs() const { return pairs_; }

 private:
  Index order_;
  std::vector<std::pair<Index, Index>> pairs_;
};

/// The last joined pair is an edge of a tree without root. The root goes onto the edge or the node that makes the tree
/// lowest, an edge (two children) if both do.
ModeTree lowest_root(const BinaryTree& tree);

}  // namespace rankflow::choose_tree_parts
