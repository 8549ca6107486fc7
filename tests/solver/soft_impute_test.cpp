// Soft-impute: closed forms, optimality conditions, gaps that hold, and resumed paths.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/soft_impute.h"

#include <gtest/gtest.h>

#include "base/threads.h"
#include "linalg/decompositions.h"
#include "support/flow_problems.h"

namespace rankflow {
namespace {

using test::low_rank_matrix;
using test::normal_matrix;

Observations<double> observe(const Matrix& w, Index count, std::uint64_t seed) {
  return make_observations<double>(w.rows(), w.cols(), test::sample(w, count, seed));
}

SoftImputeOptions at_penalty(double penalty, double gap = 1e-6) {
  SoftImputeOptions options;
  options.penalty = penalty;
  options.relative_gap = gap;
  options.max_iterations = 5000;
  return options;
}

// R = P_Omega (y - W), by its definition.
Matrix residual_of(const Observations<double>& data, const Matrix& w) {
  Matrix r = Matrix::Zero(w.rows(), w.cols());
  for (Index i = 0; i < w.rows(); ++i)
    for (Index k = data.by_row.begin[i]; k < data.by_row.begin[i + 1]; ++k) {
      const Index j = data.by_row.other[k];
      const double weight = data.by_row.weight.empty() ? 1 : data.by_row.weight[k];
      r(i, j) = weight * (data.by_row.value[k] - w(i, j));
    }
  return r;
}

// Optimality: U^T R V = lambda 1, and outside of both spaces ||R||_2 <= lambda.
void expect_optimal(const Observations<double>& data, const SoftImputeResult& result, double tolerance) {
  const LowRankModel& m = result.model;
  const double lambda = result.chosen.penalty;
  const Matrix r = residual_of(data, test::product(m));
  EXPECT_LE(singular_values(r)[0], lambda * (1 + tolerance));
  const Matrix core = m.u.transpose() * r * m.v;
  EXPECT_LE((core - lambda * Matrix::Identity(core.rows(), core.cols())).norm(), lambda * tolerance);
}

TEST(SoftImpute, FullDataAreSoftThresholded) {
  const Matrix y = normal_matrix(12, 9, 1);
  const double lambda = 2;
  const Svd<double> parts = svd<double>(y);
  const Vector shrunk = (parts.s.array() - lambda).cwiseMax(0).matrix();
  const Matrix expected = parts.u * shrunk.asDiagonal() * parts.v.transpose();
  const Observations<double> data = observe(y, y.size(), 2);
  const SoftImputeResult result = fit_soft_impute(data, {}, at_penalty(lambda, 1e-10));
  EXPECT_EQ(result.stop, Stop::converged);
  EXPECT_LE((test::product(result.model) - expected).norm(), 1e-4);
  EXPECT_NEAR(result.chosen.objective, 0.5 * (y - expected).squaredNorm() + lambda * shrunk.sum(),
              1e-8 * result.chosen.objective);
}

TEST(SoftImpute, AboveTheSpectralNormTheSolutionIsZero) {
  const Matrix y = normal_matrix(10, 8, 3);
  const Observations<double> data = observe(y, 50, 4);
  const double most = singular_values(residual_of(data, Matrix::Zero(10, 8)))[0];
  const SoftImputeResult zero = fit_soft_impute(data, {}, at_penalty(1.01 * most));
  EXPECT_EQ(zero.chosen.rank, 0);
  const SoftImputeResult some = fit_soft_impute(data, {}, at_penalty(0.95 * most));
  EXPECT_GE(some.chosen.rank, 1);
}

TEST(SoftImpute, SolutionsSatisfyTheOptimalityConditions) {
  const Matrix y = low_rank_matrix(25, 30, 3, 5) + 0.3 * normal_matrix(25, 30, 6);
  const Observations<double> data = observe(y, 300, 7);
  for (const double lambda : {6.0, 2.0, 0.7}) {
    const SoftImputeResult result = fit_soft_impute(data, {}, at_penalty(lambda, 1e-9));
    SCOPED_TRACE(lambda);
    EXPECT_LE(result.chosen.relative_gap(), 1e-9);
    expect_optimal(data, result, 1e-3);
  }
}

TEST(SoftImpute, WeightsArePrecisions) {
  const Matrix y = normal_matrix(12, 10, 8);
  EntryList<double> entries = test::sample(y, 70, 9);
  for (Index k = 0; k < entries.count(); ++k) entries.weight.push_back(k % 3 == 0 ? 0.25 : 1.5);
  const Observations<double> data = make_observations<double>(12, 10, entries);
  const SoftImputeResult result = fit_soft_impute(data, {}, at_penalty(1, 1e-9));
  EXPECT_LE(result.chosen.relative_gap(), 1e-9);
  expect_optimal(data, result, 1e-3);
}

TEST(SoftImpute, NoMatrixIsBelowTheBound) {
  const Matrix y = low_rank_matrix(15, 15, 2, 10) + 0.2 * normal_matrix(15, 15, 11);
  const Observations<double> data = observe(y, 120, 12);
  const SoftImputeResult result = fit_soft_impute(data, {}, at_penalty(1, 1e-2));
  const Matrix w = test::product(result.model);
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const Matrix other = w + 0.02 * static_cast<double>(seed) * low_rank_matrix(15, 15, 1 + seed % 4, 100 + seed);
    const double objective = 0.5 * residual_of(data, other).squaredNorm() + singular_values(other).sum();
    EXPECT_GE(objective, result.chosen.bound);
  }
  EXPECT_LE(result.chosen.bound, result.chosen.objective);
}

// Larger than kDenseSide, so that singular values come from the Krylov method: the conditions are checked densely.
TEST(SoftImpute, LargerTablesAreOptimalToo) {
  const Matrix y = low_rank_matrix(300, 280, 4, 13) + 0.5 * normal_matrix(300, 280, 14);
  const Observations<double> data = observe(y, 12'000, 15);
  const SoftImputeResult result = fit_soft_impute(data, {}, at_penalty(6, 1e-6));
  EXPECT_LE(result.chosen.relative_gap(), 1e-6);
  expect_optimal(data, result, 1e-2);
  const double norm = singular_values(residual_of(data, test::product(result.model)))[0];
  EXPECT_LE(norm, result.chosen.penalty * (1 + 1e-4));
}

TEST(SoftImpute, TheValidationPartEndsThePathAndChooses) {
  const Matrix truth = low_rank_matrix(60, 50, 3, 16);
  const Matrix y = truth + 0.5 * normal_matrix(60, 50, 17);
  EntryList<double> all = test::sample(y, 1500, 18), train, validation;
  for (Index k = 0; k < all.count(); ++k) {
    EntryList<double>& to = k % 6 == 0 ? validation : train;
    to.row.push_back(all.row[k]);
    to.column.push_back(all.column[k]);
    to.value.push_back(all.value[k]);
  }
  const Observations<double> data = make_observations<double>(60, 50, train);
  const SoftImputeResult result = fit_soft_impute(data, validation, {});
  EXPECT_EQ(result.stop, Stop::validation);
  for (const PenalizedSolution& solution : result.path) {
    EXPECT_LE(solution.relative_gap(), 1e-4);
    EXPECT_GE(solution.validation_rmse, result.chosen.validation_rmse);
  }
  EXPECT_LT((test::product(result.model) - truth).norm(), 0.8 * truth.norm());
}

TEST(SoftImpute, AGivenPenaltyIsSolvedWhateverTheValidationPartSays) {
  const Matrix y = low_rank_matrix(40, 30, 2, 26) + normal_matrix(40, 30, 27);
  const EntryList<double> all = test::sample(y, 700, 28);
  EntryList<double> validation = test::sample(y, 50, 29);
  SoftImputeOptions options;
  options.penalty = 0.05;  // far below what predicts best
  const SoftImputeResult result = fit_soft_impute(make_observations<double>(40, 30, all), validation, options);
  EXPECT_EQ(result.chosen.penalty, 0.05);
  EXPECT_LE(result.chosen.relative_gap(), options.relative_gap);
}

TEST(SoftImpute, ThreadsAndInterruptionsDoNotChangeBits) {
  const Matrix y = low_rank_matrix(300, 290, 3, 19) + 0.2 * normal_matrix(300, 290, 20);
  const Observations<double> data = observe(y, 20'000, 21);
  SoftImputeOptions options;
  options.path_length = 6;
  options.path_ratio = 0.3;
  options.centering = Centering::biases;
  const EntryList<double> none;
  const int before = num_threads();
  set_num_threads(1);
  const SoftImputeResult whole = fit_soft_impute(data, none, options);
  set_num_threads(2);
  SoftImpute first(data, none, options);
  for (int k = 0; k < 5; ++k) first.step();
  const Archive state = first.state();
  SoftImpute second(data, none, options, &state);
  while (second.step()) continue;
  set_num_threads(before);
  const SoftImputeResult resumed = second.result();
  EXPECT_EQ(whole.iterations, resumed.iterations);
  EXPECT_EQ(whole.chosen.objective, resumed.chosen.objective);
  EXPECT_EQ((whole.model.u - resumed.model.u).norm(), 0);
  EXPECT_EQ((whole.model.s - resumed.model.s).norm(), 0);
}

TEST(SoftImpute, ARankLimitIsKept) {
  const Matrix y = normal_matrix(40, 40, 22);
  SoftImputeOptions options = at_penalty(1);
  options.max_rank = 3;
  const SoftImputeResult result = fit_soft_impute(observe(y, 800, 23), {}, options);
  EXPECT_LE(result.chosen.rank, 3);
  EXPECT_GT(result.chosen.relative_gap(), 1e-6);
}

}  // namespace
}  // namespace rankflow
