// What refitting asks of a factorization: 1/2 sum w (x - y)^2 as a function of all its weights in one vector, its
// gradient, and the Gauss-Newton matrix J^T W J.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "rankflow/types.h"

namespace rankflow::grow {

class LeastSquares {
 public:
  virtual ~LeastSquares() = default;
  virtual Index unknowns() const = 0;
  virtual double loss(const Vector& weights) = 0;
  /// The loss; `gradient` is overwritten. What follows is at these weights.
  virtual double linearize(const Vector& weights, Vector& gradient) = 0;
  /// product = J^T W J direction.
  virtual void normal_product(const Vector& direction, Vector& product) = 0;
  /// The lower triangle of J^T W J; what is above is anything.
  virtual void normal_matrix(Matrix& matrix) = 0;
  /// The diagonal of J^T W J, and what precondition() needs.
  virtual void diagonal(Vector& diagonal) = 0;
  /// Factors the diagonal blocks of J^T W J + shift; out = their inverse times in. After diagonal().
  virtual void set_preconditioner(double shift) = 0;
  virtual void precondition(const Vector& in, Vector& out) const = 0;
  /// Guesses at multiply-adds, to choose between a factorization and conjugate gradients.
  virtual double matrix_cost() const = 0;
  virtual double product_cost() const = 0;
};

}  // namespace rankflow::grow
