// The model every matrix engine ends in: biases plus a product of low rank, in factored form.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/types.h"

namespace rankflow {

/// W = mean + row_bias 1^T + 1 column_bias^T + u diag(s) v^T.
struct LowRankModel {
  double mean = 0;
  Vector row_bias, column_bias;  // sizes m and n; zeros where the centering has none
  Matrix u, v;                   // m x r and n x r with orthonormal columns
  Vector s;                      // r singular values, descending, >= 0

  Index num_rows() const { return u.rows(); }
  Index num_columns() const { return v.rows(); }
  Index width() const { return s.size(); }
  /// Number of singular values above `relative` times the largest.
  Index rank(double relative = 1e-3) const;
  /// The value at (i, j). O(r).
  double operator()(Index i, Index j) const;
};

}  // namespace rankflow
