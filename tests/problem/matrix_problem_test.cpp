// Problems about an unknown matrix: losses by hand, gradients by differences, and what is refused.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/matrix_problem.h"

#include <gtest/gtest.h>

#include "rankflow/error.h"
#include "support/matrix_problems.h"

namespace rankflow {
namespace {

using test::normal_matrix;

constexpr double kDifferenceTolerance = 1e-6;  // central differences, h = 1e-6, numbers of size one

TEST(MatrixLoss, MeanAndHalfSumDifferByTheirFactorOnly) {
  const MatrixLoss mean, half{.normalization = Normalization::half_sum};
  EXPECT_DOUBLE_EQ(mean.value(12, 4), 3);
  EXPECT_DOUBLE_EQ(half.value(12, 4), 6);
  EXPECT_DOUBLE_EQ(mean.slope(3, 4), 1.5);
  EXPECT_DOUBLE_EQ(half.slope(3, 4), 3);
}

TEST(MatrixLoss, HuberIsSquaredInsideAndLinearOutside) {
  const MatrixLoss loss{.normalization = Normalization::half_sum, .penalty = Penalty::huber, .delta = 2};
  EXPECT_DOUBLE_EQ(loss.rho(1.5), 2.25);
  EXPECT_DOUBLE_EQ(loss.rho(-5), 2 * (2 * 5 - 2));
  EXPECT_DOUBLE_EQ(loss.slope(-5, 3), -2);
  EXPECT_NEAR(loss.rho(2 + 1e-9), loss.rho(2 - 1e-9), 1e-8);
}

TEST(MatrixProblem, GradientsMatchCentralDifferencesForEveryMeasurementAndLoss) {
  for (const auto& [name, problem] : test::every_problem(7, 5, 11)) {
    SCOPED_TRACE(name);
    Matrix w = normal_matrix(7, 5, 3), gradient;
    loss_at(problem, w, &gradient);
    for (Index k = 0; k < w.size(); ++k) {
      const double h = 1e-6, before = w.data()[k];
      w.data()[k] = before + h;
      const double above = loss_at(problem, w);
      w.data()[k] = before - h;
      const double below = loss_at(problem, w);
      w.data()[k] = before;
      EXPECT_NEAR(gradient.data()[k], (above - below) / (2 * h), kDifferenceTolerance * (1 + gradient.norm()));
    }
  }
}

TEST(MatrixProblem, MeasuresWhatItWasMadeFrom) {
  const Matrix w = normal_matrix(6, 4, 1);
  const Matrix left = normal_matrix(9, 6, 2), right = normal_matrix(9, 4, 3);
  const auto rank_one = rank_one_sensing_problem<double>(left, right, Vector::Zero(9), {});
  const Vector measured = measure(rank_one, w);
  for (Index k = 0; k < 9; ++k) EXPECT_NEAR(measured[k], left.row(k) * w * right.row(k).transpose(), 1e-12);

  Matrix matrices(9, 24);
  for (Index k = 0; k < 9; ++k)
    for (Index i = 0; i < 6; ++i)
      for (Index j = 0; j < 4; ++j) matrices(k, i * 4 + j) = left(k, i) * right(k, j);
  EXPECT_LT((measure(dense_sensing_problem<double>(6, 4, matrices, Vector::Zero(9), {}), w) - measured).norm(), 1e-12);
}

TEST(MatrixProblem, SortsEntriesByRowAndColumn) {
  const auto problem = completion_problem<double>(3, 3, {{2, 0, 0}, {1, 2, 0}, {5, 6, 7}, {}}, {});
  EXPECT_EQ(problem.entries.row, (std::vector<std::int32_t>{0, 0, 2}));
  EXPECT_EQ(problem.entries.column, (std::vector<std::int32_t>{0, 2, 1}));
  EXPECT_EQ(problem.entries.value, (std::vector<double>{7, 6, 5}));
}

TEST(MatrixProblem, RefusesWhatDoesNotFit) {
  EXPECT_THROW(completion_problem<double>(3, 3, {{3}, {0}, {1}, {}}, {}), InputError);
  EXPECT_THROW(completion_problem<double>(3, 3, {{0, 0}, {0, 0}, {1, 2}, {}}, {}), InputError);
  EXPECT_THROW(completion_problem<double>(3, 3, {{0}, {0}, {kNaN}, {}}, {}), InputError);
  EXPECT_THROW(completion_problem<double>(3, 3, {}, {}), InputError);
  EXPECT_THROW(full_problem<double>(Matrix(0, 3), {}), InputError);
  EXPECT_THROW(dense_sensing_problem<double>(2, 2, Matrix::Ones(3, 5), Vector::Ones(3), {}), InputError);
  EXPECT_THROW(rank_one_sensing_problem<double>(Matrix::Ones(3, 2), Matrix::Ones(2, 2), Vector::Ones(3), {}),
               InputError);
  EXPECT_THROW(full_problem<double>(Matrix::Ones(2, 2), {.penalty = Penalty::huber, .delta = 0}), InputError);
}

}  // namespace
}  // namespace rankflow
