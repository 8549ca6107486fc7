// Local components of a hierarchical factorization as a whole: how much they matter, how fast they move, which are
// kept. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "rankflow/tree_factorization.h"
#include "solver/tensor_descent/tree_pass.h"

namespace rankflow::tensor_descent {

/// By inner node (others empty), by local component.
using LocalNumbers = std::vector<Vector>;

/// An upper bound of the norm of what each local component adds to the tensor's observed rows. `pass` is at `model`.
template <class T>
LocalNumbers contribution_bounds(const TreeFactorization<T>& model, const TreePass<T>& pass);

/// |vector of a| / |vector of b|, the largest of all vectors of a local component.
template <class T>
LocalNumbers largest_ratios(const ModeTree& tree, const std::vector<MatrixOf<T>>& a, const std::vector<MatrixOf<T>>& b);

/// Some local components: kept[v], ascending, of inner node v. An entry of the weights is kept if its row and its
/// column belong to kept components (rows of leaves and the root's column always do).
class KeptComponents {
 public:
  KeptComponents() = default;
  KeptComponents(const ModeTree& tree, std::vector<std::vector<Index>> kept, const std::vector<Index>& leaf_rows);

  const std::vector<std::vector<Index>>& kept() const { return kept_; }
  double entries() const;
  /// Calls use(node, row, column, row among kept ones, column among kept ones) for all kept entries.
  template <class Use>
  void for_entries(Use&& use) const {
    for (std::size_t v = 0; v < rows_.size(); ++v)
      for (std::size_t i = 0; i < rows_[v].size(); ++i)
        for (std::size_t j = 0; j < columns_[v].size(); ++j)
          use(v, rows_[v][i], columns_[v][j], static_cast<Index>(i), static_cast<Index>(j));
  }

 private:
  std::vector<std::vector<Index>> kept_, rows_, columns_;  // by node
};

}  // namespace rankflow::tensor_descent
