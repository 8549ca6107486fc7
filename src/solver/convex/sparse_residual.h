// What is left on the observed entries, as a sparse matrix by rows and by columns.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/centering.h"
#include "rankflow/observations.h"

namespace rankflow::convex {

/// W = u diag(s) v^T, s descending, columns orthonormal.
struct Product {
  Matrix u, v;
  Vector s;
  Index rank() const { return s.size(); }
};

/// R = w (y - b - W) on Omega. O(|Omega| r) to set, O(|Omega| k) to multiply; threaded, the same bits for any number of
/// threads.
class SparseResidual {
 public:
  SparseResidual(const Observations<double>& observations, const Biases& biases);

  void set(const Product& product);
  /// R x (x: columns x k) and R^T x (x: rows x k).
  Matrix times(const Matrix& x) const;
  Matrix transpose_times(const Matrix& x) const;
  double squares() const { return squares_; }  // sum w (y - b - W)^2
  double largest_weight() const { return largest_weight_; }
  Index num_rows() const { return observations_.num_rows; }
  Index num_columns() const { return observations_.num_columns; }
  Index count() const { return observations_.count(); }

 private:
  const Observations<double>& observations_;
  const Biases& biases_;
  std::vector<Index> row_ranges_, column_ranges_;
  std::vector<double> by_row_, by_column_;
  double squares_ = 0, largest_weight_ = 1;
};

}  // namespace rankflow::convex
