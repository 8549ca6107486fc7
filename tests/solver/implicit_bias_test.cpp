// What small starts converge to where it can be said in closed form: commuting measurements, and a single one.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>

#include "rankflow/descent.h"
#include "rankflow/rng.h"

namespace rankflow {
namespace {

constexpr Index kSize = 8, kMeasurements = 3;
const MatrixLoss kHalfSum{.normalization = Normalization::half_sum};

// Diagonal matrices A_k, one a row, and products with a positive diagonal matrix, so that the least is unique.
struct Commuting {
  Matrix diagonals{kMeasurements, kSize};
  Vector values;
  MatrixProblem<double> problem;
};

Commuting commuting() {
  Commuting c;
  Rng rng(5);
  for (Index k = 0; k < c.diagonals.size(); ++k) c.diagonals.data()[k] = .2 + rng.uniform();
  Vector truth(kSize);
  for (Index i = 0; i < kSize; ++i) truth[i] = .3 + rng.uniform();
  c.values = c.diagonals * truth;
  Matrix matrices = Matrix::Zero(kMeasurements, kSize * kSize);
  for (Index k = 0; k < kMeasurements; ++k)
    for (Index i = 0; i < kSize; ++i) matrices(k, i * (kSize + 1)) = c.diagonals(k, i);
  c.problem = dense_sensing_problem<double>(kSize, kSize, matrices, c.values, kHalfSum);
  return c;
}

// min sum w, A w = y, w >= 0: the best of all basic solutions.
double least_trace(const Commuting& c) {
  double best = INFINITY;
  for (Index a = 0; a < kSize; ++a)
    for (Index b = a + 1; b < kSize; ++b)
      for (Index d = b + 1; d < kSize; ++d) {
        Matrix basis(kMeasurements, 3);
        basis << c.diagonals.col(a), c.diagonals.col(b), c.diagonals.col(d);
        const Vector w = basis.fullPivLu().solve(c.values);
        if ((basis * w - c.values).norm() < 1e-9 && w.minCoeff() > -1e-9) best = std::min(best, w.sum());
      }
  return best;
}

double gap(const Commuting& c, Index depth, double scale) {
  const auto start =
      initialize<double>(layer_dims(kSize, kSize, depth), {.initialization = Initialization::identity, .scale = scale});
  const auto result = fit_descent(
      c.problem, start,
      {.optimizer = Optimizer::plain, .step_size = .02, .loss_tolerance = 1e-16, .max_iterations = 400'000});
  EXPECT_EQ(result.stop, Stop::converged) << "depth " << depth << ", scale " << scale;
  return result.model.end_matrix().trace() / least_trace(c) - 1;
}

// Arora et al. 2019, theorem 1: from alpha I, alpha -> 0, the limit has least nuclear norm at every depth >= 2.
TEST(ImplicitBias, CommutingMeasurementsLeadToTheLeastNuclearNorm) {
  const Commuting c = commuting();
  for (const Index depth : {2, 3, 4}) {
    const double coarse = gap(c, depth, 1e-2), fine = gap(c, depth, 1e-4), finest = gap(c, depth, 1e-6);
    EXPECT_GT(coarse, -1e-9);
    EXPECT_LT(fine, .8 * coarse);
    EXPECT_LT(finest, .9 * fine + 1e-9);
    // Logarithmically slow at depth 2, a power of the scale beyond.
    if (depth == 2)
      EXPECT_GT(finest, 1e-3);
    else
      EXPECT_LT(finest, 1e-3);
  }
}

// Arora et al. 2019, section 3: loss 1/2 (<A, W> - y)^2 with fixed singular vectors and rho_r = u_r^T A v_r ties
// sigma_1 to sigma_2 by a conserved quantity.
TEST(ImplicitBias, OneMeasurementTiesSingularValuesTogether) {
  const double rho_1 = 1, rho_2 = .6, a = rho_1 / rho_2;
  Matrix matrix = Matrix::Zero(1, 4);
  matrix << rho_1, 0, 0, rho_2;
  const auto problem = dense_sensing_problem<double>(2, 2, matrix, Vector::Constant(1, 2), kHalfSum);
  for (const Index depth : {1, 2, 3, 4}) {
    const double n = static_cast<double>(depth);
    const auto conserved = [&](const Matrix& w) {
      const auto along = [&](double sigma) {
        return depth == 1 ? sigma : depth == 2 ? std::log(sigma) : std::pow(sigma, -(n - 2) / n);
      };
      return along(w(0, 0)) - a * along(w(1, 1));
    };
    const auto start =
        initialize<double>(layer_dims(2, 2, depth), {.initialization = Initialization::identity, .scale = .01});
    const auto result = fit_descent(
        problem, start,
        {.optimizer = Optimizer::plain, .step_size = 1e-4, .loss_tolerance = 1e-6, .max_iterations = 2'000'000});
    ASSERT_EQ(result.stop, Stop::converged);
    const Matrix end = result.model.end_matrix();
    const double before = conserved(start.end_matrix());
    EXPECT_NEAR(conserved(end), before, 2e-3 * std::max(1.0, std::abs(before))) << "depth " << depth;
    EXPECT_GT(end(0, 0), 1);
  }
}

}  // namespace
}  // namespace rankflow
