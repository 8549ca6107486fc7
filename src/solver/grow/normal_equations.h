// One Levenberg-Marquardt step: (J^T W J + shift) step = right, by Cholesky or by preconditioned conjugate gradients.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "solver/grow/least_squares.h"

namespace rankflow::grow {

class NormalEquations {
 public:
  enum class Solver { cheaper, cholesky, conjugate_gradients };
  explicit NormalEquations(LeastSquares& problem, Solver solver = Solver::cheaper);
  /// At the point of the last linearize().
  void refresh();
  const Vector& diagonal() const { return diagonal_; }
  /// False if the matrix is not positive definite to round-off. `tolerance` (relative residual) is for conjugate
  /// gradients.
  bool solve(const Vector& right, double shift, double tolerance, Index most_iterations, Vector& step);
  bool direct() const { return direct_; }

 private:
  bool solve_direct(const Vector& right, double shift, Vector& step);
  bool solve_iterative(const Vector& right, double shift, double tolerance, Index most_iterations, Vector& step);

  LeastSquares& problem_;
  bool direct_;
  Matrix matrix_, factor_;
  Vector diagonal_, residual_, scaled_, direction_, product_;
};

}  // namespace rankflow::grow
