// As ProductPass, with products of dense matrices: for arrays of which nearly all cells are asked for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "solver/tensor_descent/product_pass.h"

namespace rankflow::tensor_descent {

/// All cells left right^T of a plan's two last nodes, then those that are observed. Same contract as ProductPass.
template <class T>
class MatrixPass {
 public:
  MatrixPass(ProductPlan plan, Index components);
  void evaluate(const std::vector<const MatrixOf<T>*>& factors, std::vector<T>& x);
  void collect(const std::vector<T>& slope, const std::vector<MatrixOf<T>*>& gradients);

 private:
  ProductPass<T> pass_;
  Index rows_, columns_;
  AlignedRows<T> cells_, slopes_;  // of all pairs of a left and a right row
};

}  // namespace rankflow::tensor_descent
