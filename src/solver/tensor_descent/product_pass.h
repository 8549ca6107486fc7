// What a CP factorization says about the observations of a plan, and what slopes there mean for the factors.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "linalg/aligned.h"
#include "linalg/row_products.h"
#include "solver/tensor_descent/product_plan.h"

namespace rankflow::tensor_descent {

/// How a pass takes the components.
enum class Columns {
  in_blocks,  // a few cache lines of each row at a time, so that the rows of the last product stay in the nearest cache
  at_once,    // for matrix products
};

/// Works on all components r at once: x_k = sum_r prod_n factor_n(index_n[k], r).
/// Rows are copied block by block of components; within a block a row is contiguous. The same bits for any number of
/// threads: what is summed, and in which order, depends on the plan and the number of components alone.
template <class T>
class ProductPass {
 public:
  ProductPass(ProductPlan plan, Index components, Columns columns)
      : ProductPass(std::make_shared<const ProductPlan>(std::move(plan)), components, columns) {}
  ProductPass(std::shared_ptr<const ProductPlan> plan, Index components, Columns columns);

  const ProductPlan& plan() const { return plan_; }
  /// x, one number per observation. Keeps the products for collect().
  void evaluate(const std::vector<const MatrixOf<T>*>& factors, std::vector<T>& x);
  /// gradients[n] = sum_k slope_k d x_k / d factor_n, at the factors that evaluate() was called with.
  void collect(const std::vector<T>& slope, const std::vector<MatrixOf<T>*>& gradients);

  /// The two halves of the above for Columns::at_once, with a product of matrices in between: x = left right^T.
  void multiply_up(const std::vector<const MatrixOf<T>*>& factors);
  void multiply_down(const std::vector<MatrixOf<T>*>& gradients);
  const T* left() const { return values_.data() + offset_[plan_.left]; }
  const T* right() const { return values_.data() + offset_[plan_.right]; }
  T* left_gradient() { return gradients_.data() + offset_[plan_.left]; }
  T* right_gradient() { return gradients_.data() + offset_[plan_.right]; }
  Index width() const { return width_; }

 private:
  template <class Work>
  void over_blocks(Work&& work);
  template <class Work>
  void over_rows(const std::vector<Index>& ranges, Work&& work);
  void load(const std::vector<const MatrixOf<T>*>& factors, Index block);
  void multiply_up(Index block);
  void multiply_down(Index block, T* gradient);
  void store(const std::vector<MatrixOf<T>*>& gradients, Index block, const T* gradient);
  T* scratch();

  std::shared_ptr<const ProductPlan> shared_plan_;
  const ProductPlan& plan_;
  Index components_, width_ = 0, num_blocks_ = 1;
  RowKernels<T> kernels_;
  bool by_blocks_ = false;              // threads share blocks, not rows
  std::vector<Index> offset_;           // of a node's rows in a block, and the end
  AlignedVector<T> values_;             // by block
  AlignedVector<T> gradients_;          // of one block, where threads share rows
  std::vector<std::vector<Index>> up_;  // by node: ranges of its rows
  std::vector<std::vector<Index>> down_[2];
  std::vector<Index> left_ranges_, right_ranges_, pair_ranges_;
  std::vector<T> partial_;                   // by block: x in the order of by_left
  std::vector<T> left_slope_, right_slope_;  // in the order of by_left and by_right
};

}  // namespace rankflow::tensor_descent
