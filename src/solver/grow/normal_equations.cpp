// Solves the damped normal equations of a refit.
// SPDX-License-Identifier: Apache-2.0
#include "solver/grow/normal_equations.h"

#include <algorithm>
#include <cmath>

#include "linalg/decompositions.h"

namespace rankflow::grow {
namespace {
// Conjugate gradients take about this many products with J^T W J a step; a Cholesky factorization's multiply-adds run
// about this many times faster than those of passes over cells.
constexpr double kTypicalProducts = 60, kDenseSpeed = 6;
constexpr Index kMostDirect = 6000;  // unknowns; 300 MB for matrix and factor
}  // namespace

NormalEquations::NormalEquations(LeastSquares& problem, Solver solver)
    : problem_(problem), direct_(solver == Solver::cholesky) {
  if (solver != Solver::cheaper) return;
  const double n = static_cast<double>(problem.unknowns());
  const double factorization = n * n * n / (6 * kDenseSpeed);
  direct_ = problem.unknowns() <= kMostDirect &&
            problem.matrix_cost() + factorization <= kTypicalProducts * problem.product_cost() + 1e5;
}

void NormalEquations::refresh() {
  if (direct_) {
    problem_.normal_matrix(matrix_);
    diagonal_ = matrix_.diagonal();
  } else {
    problem_.diagonal(diagonal_);
  }
}

bool NormalEquations::solve(const Vector& right, double shift, double tolerance, Index most_iterations, Vector& step) {
  return direct_ ? solve_direct(right, shift, step) : solve_iterative(right, shift, tolerance, most_iterations, step);
}

bool NormalEquations::solve_direct(const Vector& right, double shift, Vector& step) {
  factor_ = matrix_;
  factor_.diagonal().array() += shift;
  if (!cholesky(factor_)) return false;
  step = right;
  factor_.triangularView<Eigen::Lower>().solveInPlace(step);
  factor_.transpose().triangularView<Eigen::Upper>().solveInPlace(step);
  return step.allFinite();
}

bool NormalEquations::solve_iterative(const Vector& right, double shift, double tolerance, Index most_iterations,
                                      Vector& step) {
  problem_.set_preconditioner(shift);
  step = Vector::Zero(right.size());
  residual_ = right;
  problem_.precondition(residual_, scaled_);
  direction_ = scaled_;
  double along = residual_.dot(scaled_);
  const double enough = tolerance * std::sqrt(along);
  for (Index k = 0; k < most_iterations && std::sqrt(along) > enough; ++k) {
    problem_.normal_product(direction_, product_);
    product_ += shift * direction_;
    const double curvature = direction_.dot(product_);
    if (!(curvature > 0)) return k > 0 && step.allFinite();
    const double length = along / curvature;
    step += length * direction_;
    residual_ -= length * product_;
    problem_.precondition(residual_, scaled_);
    const double next = residual_.dot(scaled_);
    direction_ = scaled_ + (next / along) * direction_;
    along = next;
  }
  return step.allFinite();
}

}  // namespace rankflow::grow
