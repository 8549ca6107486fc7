// Mode trees and hierarchical tensors by their definition, for tests and measurements.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include "rankflow/rng.h"
#include "rankflow/tree_factorization.h"
#include "support/planted_tensors.h"

namespace rankflow::test {

/// children: of the inner nodes in their order, the root last.
inline ModeTree make_tree(Index order, const std::vector<std::vector<Index>>& children) {
  ModeTree tree;
  tree.order = order;
  tree.children.resize(static_cast<std::size_t>(order));
  tree.children.insert(tree.children.end(), children.begin(), children.end());
  tree.parent.assign(tree.children.size(), -1);
  for (Index v = order; v < tree.num_nodes(); ++v)
    for (const Index c : tree.children[v]) tree.parent[c] = v;
  return tree;
}

/// ((0,1),(2,3)).
inline ModeTree two_pairs() {
  return make_tree(4, {{0, 1}, {2, 3}, {4, 5}});
}

/// All cells, the last mode fastest: one cell after another by the recursion from the leaves up.
inline Vector tree_cells(const TreeFactorization<double>& model) {
  const ModeTree& tree = model.tree;
  std::vector<Index> shape;
  for (Index n = 0; n < tree.order; ++n) shape.push_back(model.weights[n].rows());
  Vector all(num_cells(shape));
  std::vector<Index> at(shape.size(), 0);
  std::vector<Vector> below(tree.children.size());
  for (Index number = 0; number < all.size(); ++number) {
    Index rest = number;
    for (std::size_t n = shape.size(); n-- > 0;) at[n] = rest % shape[n], rest /= shape[n];
    for (Index v = 0; v < tree.num_nodes(); ++v) {
      if (tree.is_leaf(v)) {
        below[v] = model.weights[v].row(at[v]).transpose();
        continue;
      }
      Vector inside = Vector::Ones(model.weights[v].rows());
      for (const Index c : tree.children[v]) inside.array() *= below[c].array();
      below[v] = model.weights[v].transpose().lazyProduct(inside);
    }
    all[number] = below[tree.root()][0];
  }
  return all;
}

/// All weights N(0, 1), then scaled to Frobenius norm 1. widths: of the inner nodes.
inline TreeFactorization<double> tree_target(const ModeTree& tree, const std::vector<Index>& shape,
                                             const std::vector<Index>& widths, std::uint64_t seed) {
  TreeFactorization<double> model{tree, {}};
  Rng rng(seed, 104);
  for (Index v = 0; v < tree.num_nodes(); ++v) {
    const Index rows = tree.is_leaf(v) ? shape[v] : widths[v - tree.order];
    const Index columns = v == tree.root() ? 1 : widths[tree.parent[v] - tree.order];
    Matrix weights(rows, columns);
    for (Index k = 0; k < weights.size(); ++k) weights.data()[k] = rng.normal();
    model.weights.push_back(weights);
  }
  model.weights.back() /= tree_cells(model).norm();
  return model;
}

/// The matricization with the given modes as rows.
inline Matrix matricize(const Vector& all, const std::vector<Index>& shape, const std::vector<Index>& rows) {
  Index num_rows = 1;
  for (const Index n : rows) num_rows *= shape[n];
  Matrix matrix(num_rows, all.size() / num_rows);
  for (Index number = 0; number < all.size(); ++number) {
    std::vector<Index> at(shape.size());
    Index rest = number, i = 0, j = 0;
    for (std::size_t n = shape.size(); n-- > 0;) at[n] = rest % shape[n], rest /= shape[n];
    for (std::size_t n = 0; n < shape.size(); ++n) {
      const bool row = std::find(rows.begin(), rows.end(), static_cast<Index>(n)) != rows.end();
      (row ? i : j) = (row ? i : j) * shape[n] + at[n];
    }
    matrix(i, j) = all[number];
  }
  return matrix;
}

}  // namespace rankflow::test
