// Mode trees of hierarchical factorizations: which modes are pooled with which, in what order.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "rankflow/types.h"

namespace rankflow {

/// Nodes are numbered: leaves 0 .. order - 1 are the modes, inner nodes follow by height above the leaves, from left to
/// right at equal height: children before parents, the root last.
struct ModeTree {
  std::vector<std::vector<Index>> children;  // by node; empty for leaves
  std::vector<Index> parent;                 // by node; -1 for the root
  Index order = 0;

  Index num_nodes() const { return static_cast<Index>(children.size()); }
  Index root() const { return num_nodes() - 1; }
  bool is_leaf(Index node) const { return node < order; }
  Index num_inner() const { return num_nodes() - order; }
  /// Modes below a node, ascending.
  std::vector<Index> modes(Index node) const;

  /// "((0,1),(2,3))", 0-based; "((4))" is a node with a single child. Throws OptionError: where, found, expected.
  static ModeTree parse(const std::string& text, Index order);
  /// As parse() reads it.
  std::string text() const;
  /// Levels of groups of `arity` neighbours until one node is left; the last group of a level may be smaller, and a
  /// group of one is a node with a single child (the published construction).
  static ModeTree perfect(Index order, Index arity = 2);
  /// As perfect(order, 2), but of every level's m nodes those numbered k and k + m / 2 are pooled (the published "half"
  /// pattern); of an odd level the middle one stays alone.
  static ModeTree halves(Index order);
};

}  // namespace rankflow
