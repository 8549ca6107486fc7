// What a matrix has to satisfy, |<A_k, W> - y_k| <= tolerance: the map A, its adjoint, and projections.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "rankflow/matrix_problem.h"

namespace rankflow::convex {

/// A point of the splitting: W, and for sensing with a tolerance also t = A W times `weight` (otherwise t is empty).
struct Point {
  Matrix w;
  Vector t;
};

class Constraint {
 public:
  Constraint(Index num_rows, Index num_columns, Vector values)
      : num_rows_(num_rows), num_columns_(num_columns), values_(std::move(values)) {}
  virtual ~Constraint() = default;

  Index num_rows() const { return num_rows_; }
  Index num_columns() const { return num_columns_; }
  const Vector& values() const { return values_; }

  virtual Vector apply(const Matrix& w) const = 0;
  virtual Matrix adjoint(const Vector& lambda) const = 0;
  /// Sets the tolerance and prepares for it; false if no matrix at all satisfies A W = y (and tolerance is 0).
  virtual bool set_tolerance(double tolerance) = 0;
  /// Numbers in t.
  virtual Index extra() const { return 0; }
  /// Brings t back to where |t - y| <= tolerance.
  virtual void clip(Vector&) const {}
  /// The nearest point with A W = y (tolerance 0), |A W - y| <= tolerance (entries), or t = weight A W (with a part t);
  /// w changes by A^* lambda, and lambda is returned.
  virtual Vector project(Point& point) const = 0;
  /// The point of the splitting that belongs to a solution w with multipliers lambda.
  virtual Point lift(const Matrix& w, const Vector& lambda) const { return {w + adjoint(lambda), Vector()}; }
  /// Moves w to a matrix that satisfies the constraint: w + A^* (A A^*)^-1 (what is missing). w itself if it does.
  virtual void repair(Matrix& w) const = 0;

  double tolerance() const { return tolerance_; }
  /// Largest |<A_k, w> - y_k| - tolerance, at least 0.
  double violation(const Matrix& w) const;
  /// A value within the tolerance of y, nearest to `measured`.
  Vector clipped(const Vector& measured) const;

 protected:
  double tolerance_ = 0;

 private:
  Index num_rows_, num_columns_;
  Vector values_;
};

/// entries and full: A A^* = 1, everything is clipping.
std::unique_ptr<Constraint> make_entries_constraint(const MatrixProblem<double>& problem);
/// dense and rank_one, through the Cholesky factor of A A^*. The problem must outlive it.
std::unique_ptr<Constraint> make_sensing_constraint(const MatrixProblem<double>& problem);
std::unique_ptr<Constraint> make_constraint(const MatrixProblem<double>& problem);

}  // namespace rankflow::convex
