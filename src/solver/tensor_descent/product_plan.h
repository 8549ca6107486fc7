// Which products of rows of the factors the observations need, each distinct one once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "rankflow/types.h"

namespace rankflow::tensor_descent {

/// Pairs of rows, by the rows of one side: those of line i are begin[i] .. begin[i + 1].
struct RowLists {
  std::vector<Index> begin;
  std::vector<std::int32_t> row;    // of the other side
  std::vector<std::int32_t> third;  // what else the pair stands for
};

/// A leaf is a factor; its rows are the factor's. An inner node has a row for every distinct combination of indices of
/// its modes that is observed: the elementwise product of a row of each child.
struct ProductNode {
  Index rows = 0;
  Index child[2] = {-1, -1};
  std::vector<std::int32_t> child_row[2];
  /// By rows of child c: the node's own rows that contain it, and beside each the row of the other child.
  RowLists parents[2];
  bool is_leaf() const { return child[0] < 0; }
};

/// Modes are merged in pairs until two nodes are left; an observation is the inner product of a row of each (the idea
/// of dimension trees: Phan, Tichavsky and Cichocki 2013, Kaya and Ucar 2018). Half of a cube's modes have few distinct
/// combinations of indices, so that most of the work is that last product.
struct ProductPlan {
  std::vector<ProductNode> nodes;  // leaves first, children before parents
  Index count = 0;                 // of observations
  Index left = 0, right = 0;       // the two last nodes; right has fewer rows
  RowLists by_left;                // pairs by rows of left; row: of right; third: the observation
  RowLists by_right;               // pairs by rows of right; row: of left; third: the pair's place in by_left
  bool in_order = false;           // pairs by_left come in the order of observations

  /// leaf_rows[n]: rows of factor n. index[n][k]: the row that observation k takes of it.
  static ProductPlan make(const std::vector<Index>& leaf_rows, const std::vector<std::vector<std::int32_t>>& index);
  /// Numbers of products per component: of all inner nodes, and of the last inner products.
  Index inner_rows() const;
  Index total_rows() const;
};

}  // namespace rankflow::tensor_descent
