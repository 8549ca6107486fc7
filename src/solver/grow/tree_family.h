// Hierarchical factorizations as the growing engine sees them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/tree_factorization.h"
#include "solver/grow/family.h"

namespace rankflow::grow {

std::unique_ptr<Family> tree_family(const ModeTree& tree, const std::vector<Index>& shape);
TreeFactorization<double> to_tree(const ModeTree& tree, const std::vector<Index>& shape, const Point& point,
                                  double scale);
Point from_tree(const TreeFactorization<double>& model, double scale);

/// What may enter together: a connected set of inner nodes, each with one new local component. `outside`: the children
/// of its nodes that do not belong to it.
struct NodeSet {
  Index top = 0;
  std::vector<Index> nodes, outside;
};
/// All connected sets of trees with few inner nodes; of others single nodes, nodes with one inner child, and whole
/// subtrees.
std::vector<NodeSet> node_sets(const ModeTree& tree);
/// The best new local components for every set of nodes, best gain per new weight first.
std::vector<Candidate> tree_directions(const ModeTree& tree, const Cells& cells, const Point& point,
                                       const std::vector<double>& slope, const DrawKey& key, const Budget& budget);

}  // namespace rankflow::grow
