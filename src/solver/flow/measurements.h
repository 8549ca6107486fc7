// Linear measurements <A_k, W> of a matrix in factored form, and their adjoint.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "rankflow/matrix_problem.h"

namespace rankflow::flow {

class Measurements {
 public:
  virtual ~Measurements() = default;
  virtual Index count() const = 0;
  virtual Vector values() const = 0;                   // y
  virtual Vector weights() const { return Vector(); }  // of the residuals; empty = all 1
  /// <A_k, left right^T> for all k.
  virtual Vector of(const Matrix& left, const Matrix& right) = 0;
  /// sum_k e_k A_k x or, transposed, sum_k e_k A_k^T x.
  virtual Matrix back(const Vector& e, const Matrix& x, bool transposed) = 0;
  /// Weighted sum of ||e_i^T A_k||^2 or ||A_k e_j||^2: how much is known of a row or column.
  virtual Vector row_weights() const = 0;
  virtual Vector column_weights() const = 0;
  /// How many measurements see a row or column.
  virtual Index row_count(Index) const { return count(); }
  virtual Index column_count(Index) const { return count(); }
};

/// `problem` must outlive it.
template <class T>
std::unique_ptr<Measurements> make_measurements(const MatrixProblem<T>& problem);

}  // namespace rankflow::flow
