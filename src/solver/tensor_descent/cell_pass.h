// As ProductPass, one observation after another, without products that are kept: for indices of which few observations
// share any pair.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "linalg/cp_blocks.h"
#include "rankflow/types.h"

namespace rankflow::tensor_descent {

/// Computes in double whatever T is. Same contract as ProductPass, for 2 to kMostModes modes.
template <class T>
class CellPass {
 public:
  /// index[n][k]: the row of factor n that observation k takes.
  CellPass(const std::vector<Index>& shape, const std::vector<std::vector<std::int32_t>>& index, Index components);
  void evaluate(const std::vector<const MatrixOf<T>*>& factors, std::vector<T>& x);
  void collect(const std::vector<T>& slope, const std::vector<MatrixOf<T>*>& gradients);

 private:
  std::vector<Index> first_row_;                    // by mode, and the end
  std::unique_ptr<std::vector<std::int32_t>> row_;  // stays where it is when this moves
  CpBlocks blocks_;
  std::vector<double> x_;  // of evaluate(), then slopes
  AlignedVector<double> sums_;
};

}  // namespace rankflow::tensor_descent
