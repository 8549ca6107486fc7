// Least nuclear norm: known solutions, optimality conditions, bounds that hold, and the published reference problem.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/nuclear_norm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "linalg/decompositions.h"
#include "rankflow/rng.h"
#include "support/flow_problems.h"

namespace rankflow {
namespace {

using test::low_rank_matrix;
using test::normal_matrix;

NuclearNormOptions options_of(double tolerance, double gap = 1e-6) {
  NuclearNormOptions options;
  options.tolerance = tolerance;
  options.relative_gap = gap;
  return options;
}

double nuclear(const Matrix& w) {
  return singular_values(w).sum();
}

Vector normal_vector(Index size, std::uint64_t seed) {
  const Matrix column = normal_matrix(size, 1, seed);
  return column.col(0);
}

// A^* lambda by its definition.
Matrix combine(const MatrixProblem<double>& problem, const Vector& lambda) {
  Matrix sum = Matrix::Zero(problem.num_rows, problem.num_columns);
  for (Index k = 0; k < lambda.size(); ++k) {
    switch (problem.measurement) {
      case Measurement::entries:
        sum(problem.entries.row[k], problem.entries.column[k]) += lambda[k];
        break;
      case Measurement::full:
        sum.data()[k] += lambda[k];
        break;
      case Measurement::dense:
        sum += lambda[k] * Eigen::Map<const Matrix>(problem.matrices.row(k).data(), sum.rows(), sum.cols());
        break;
      case Measurement::rank_one:
        sum += lambda[k] * problem.left.row(k).transpose() * problem.right.row(k);
        break;
    }
  }
  return sum;
}

Vector values_of(const MatrixProblem<double>& problem) {
  if (problem.measurement == Measurement::full)
    return Eigen::Map<const Vector>(problem.target.data(), problem.target.size());
  if (problem.measurement == Measurement::entries)
    return Eigen::Map<const Vector>(problem.entries.value.data(), problem.entries.count());
  return problem.values;
}

// Everything that the result says about itself, computed anew.
void expect_certified(const MatrixProblem<double>& problem, const NuclearNormOptions& options,
                      const NuclearNormResult& result) {
  EXPECT_EQ(result.stop, Stop::converged) << result.message;
  const Vector y = values_of(problem), off = measure(problem, result.w) - y;
  EXPECT_LE(off.cwiseAbs().maxCoeff(), options.tolerance + 1e-9 * (1 + y.cwiseAbs().maxCoeff()));
  EXPECT_NEAR(nuclear(result.w), result.norm, 1e-9 * result.norm);
  EXPECT_LE(singular_values(combine(problem, result.dual))[0], 1 + 1e-12);
  EXPECT_NEAR(result.dual.dot(y) - options.tolerance * result.dual.lpNorm<1>(), result.dual_bound, 1e-9 * result.norm);
  EXPECT_LE(result.dual_bound, result.norm * (1 + 1e-12));
  EXPECT_LE(result.relative_gap(), options.relative_gap);
}

MatrixProblem<double> sensing(const Matrix& truth, Index count, std::uint64_t seed) {
  Matrix a = normal_matrix(count, truth.size(), seed);
  const Vector y = a * Eigen::Map<const Vector>(truth.data(), truth.size());
  return dense_sensing_problem<double>(truth.rows(), truth.cols(), std::move(a), y, {});
}

TEST(NuclearNorm, FullObservationWithoutToleranceIsTheTargetItself) {
  const Matrix target = normal_matrix(9, 6, 1);
  const MatrixProblem<double> problem = full_problem<double>(target, {});
  const NuclearNormResult result = minimize_nuclear_norm(problem, options_of(0));
  expect_certified(problem, options_of(0), result);
  EXPECT_EQ((result.w - target).norm(), 0);
  EXPECT_NEAR(result.norm, nuclear(target), 1e-12 * result.norm);
}

TEST(NuclearNorm, ALooseToleranceAllowsTheZeroMatrix) {
  const MatrixProblem<double> problem = full_problem<double>(normal_matrix(5, 5, 2), {});
  const NuclearNormResult result = minimize_nuclear_norm(problem, options_of(10));
  EXPECT_EQ(result.stop, Stop::converged);
  EXPECT_EQ(result.w.norm(), 0);
  EXPECT_EQ(result.norm, 0);
  EXPECT_EQ(result.dual_bound, 0);
}

// (* 1; 1 0): the norms of all completions are sqrt(x^2 + 4), so x = 0 and the norm is 2.
TEST(NuclearNorm, TheTwoByTwoProblemHasItsKnownSolution) {
  EntryList<double> entries{{0, 1, 1}, {1, 0, 1}, {1, 1, 0}, {}};
  const MatrixProblem<double> problem = completion_problem<double>(2, 2, entries, {});
  const NuclearNormResult result = minimize_nuclear_norm(problem, options_of(0, 1e-9));
  EXPECT_NEAR(result.norm, 2, 1e-8);
  EXPECT_NEAR(result.w(0, 0), 0, 1e-3);
  EXPECT_NEAR(result.dual_bound, 2, 1e-8);
}

TEST(NuclearNorm, EveryKindOfMeasurementIsCertified) {
  const Matrix truth = low_rank_matrix(14, 11, 2, 3);
  const EntryList<double> entries = test::sample(truth, 100, 4);
  const Matrix left = normal_matrix(70, 14, 5), right = normal_matrix(70, 11, 6);
  const Vector y = (left * truth).cwiseProduct(right).rowwise().sum();
  const std::vector<MatrixProblem<double>> problems = {
      completion_problem<double>(14, 11, entries, {}), sensing(truth, 60, 7),
      rank_one_sensing_problem<double>(left, right, y, {}), full_problem<double>(truth, {})};
  for (const MatrixProblem<double>& problem : problems)
    for (const double tolerance : {0.0, 0.05}) {
      SCOPED_TRACE(static_cast<int>(problem.measurement));
      SCOPED_TRACE(tolerance);
      expect_certified(problem, options_of(tolerance), minimize_nuclear_norm(problem, options_of(tolerance)));
    }
}

TEST(NuclearNorm, NoFeasibleMatrixIsBelowTheDualBound) {
  for (std::uint64_t seed = 10; seed < 16; ++seed) {
    const Matrix truth = normal_matrix(8, 7, seed);
    const EntryList<double> entries = test::sample(truth, 30, seed);
    const MatrixProblem<double> problem = completion_problem<double>(8, 7, entries, {});
    NuclearNormOptions options = options_of(0, 1e-12);
    options.max_iterations = 10 * static_cast<Index>(seed - 9);  // bounds hold wherever the solve ends
    const NuclearNormResult result = minimize_nuclear_norm(problem, options);
    for (std::uint64_t other = 0; other < 20; ++other) {
      Matrix w = result.w + 0.1 * static_cast<double>(other) * normal_matrix(8, 7, 100 + other);
      for (Index k = 0; k < entries.count(); ++k) w(entries.row[k], entries.column[k]) = entries.value[k];
      EXPECT_GE(nuclear(w), result.dual_bound);
    }
  }
}

double determinant(const Vector& a, const Vector& b, const Vector& c) {
  return a[0] * (b[1] * c[2] - b[2] * c[1]) - b[0] * (a[1] * c[2] - a[2] * c[1]) + c[0] * (a[1] * b[2] - a[2] * b[1]);
}

// Commuting measurements (diagonal A_k): averaging over sign flips of rows and columns leaves a diagonal matrix, so the
// problem is min ||x||_1 subject to B x = y, whose solution is a basic one: all supports of three are tried.
TEST(NuclearNorm, DiagonalMeasurementsAreALinearProgram) {
  const Index n = 8, m = 3;
  const Matrix b = normal_matrix(m, n, 20);
  const Vector y = b * normal_vector(n, 21).cwiseAbs();
  double best = std::numeric_limits<double>::infinity();
  for (Index i = 0; i < n; ++i)
    for (Index j = i + 1; j < n; ++j)
      for (Index k = j + 1; k < n; ++k) {
        const Vector one = b.col(i), two = b.col(j), three = b.col(k);
        const double det = determinant(one, two, three);
        if (std::abs(det) < 1e-9) continue;
        const double sum = std::abs(determinant(y, two, three)) + std::abs(determinant(one, y, three)) +
                           std::abs(determinant(one, two, y));
        best = std::min(best, sum / std::abs(det));
      }
  Matrix a = Matrix::Zero(m, n * n);
  for (Index k = 0; k < m; ++k)
    for (Index i = 0; i < n; ++i) a(k, i * n + i) = b(k, i);
  const MatrixProblem<double> problem = dense_sensing_problem<double>(n, n, a, y, {});
  const NuclearNormResult result = minimize_nuclear_norm(problem, options_of(0, 1e-8));
  EXPECT_NEAR(result.norm, best, 1e-6 * best);
  EXPECT_LE(result.dual_bound, best * (1 + 1e-9));
}

TEST(NuclearNorm, DependentMeasurementsAreSolvedAndContradictionsAreNamed) {
  const Matrix truth = low_rank_matrix(6, 6, 1, 30);
  MatrixProblem<double> problem = sensing(truth, 20, 31);
  problem.matrices.row(19) = problem.matrices.row(0);
  problem.values[19] = problem.values[0];
  expect_certified(problem, options_of(0, 1e-5), minimize_nuclear_norm(problem, options_of(0, 1e-5)));
  problem.values[19] += 1;
  const NuclearNormResult none = minimize_nuclear_norm(problem, options_of(0));
  EXPECT_EQ(none.stop, Stop::diverged);
  EXPECT_NE(none.message.find("tolerance"), std::string::npos);
}

// More measurements than cells, all noisy: A A^* is singular, and no matrix within a small tolerance exists.
TEST(NuclearNorm, WithDependentMeasurementsNothingInfeasibleIsCertified) {
  const Matrix truth = low_rank_matrix(6, 6, 1, 33);
  MatrixProblem<double> problem = sensing(truth, 60, 34);
  problem.values += 0.1 * normal_vector(60, 35);
  const NuclearNormOptions wide = options_of(1, 1e-4);
  expect_certified(problem, wide, minimize_nuclear_norm(problem, wide));
  const NuclearNormResult none = minimize_nuclear_norm(problem, options_of(1e-3));
  EXPECT_EQ(none.stop, Stop::diverged);
  EXPECT_NE(none.message.find("contradict"), std::string::npos) << none.message;
  EXPECT_GT(none.violation, 1e-3);
  EXPECT_FALSE(none.relative_gap() < 1) << "there is nothing that the bound could be compared with";
}

TEST(NuclearNorm, AFitThatWasCutStaysWhereItEnded) {
  const Matrix truth = low_rank_matrix(20, 25, 2, 50);
  const MatrixProblem<double> problem = completion_problem<double>(20, 25, test::sample(truth, 200, 51), {});
  NuclearNormOptions options = options_of(0.01, 1e-12);
  options.max_iterations = 35;
  NuclearNormSolver cut(problem), again(problem);
  cut.start(options);
  while (cut.advance(10)) continue;
  again.start(options);
  again.restore(cut.state());
  EXPECT_FALSE(again.advance(10));
  EXPECT_EQ(again.result().stop, Stop::iteration_limit);
  EXPECT_EQ(again.result().iterations, 35);
  EXPECT_EQ((again.result().w - cut.result().w).norm(), 0);
}

TEST(NuclearNorm, AWarmStartSavesIterations) {
  const Matrix truth = low_rank_matrix(30, 30, 3, 40);
  const MatrixProblem<double> problem = completion_problem<double>(30, 30, test::sample(truth, 350, 41), {});
  const NuclearNormResult cold = minimize_nuclear_norm(problem, options_of(0.01));
  const NuclearNormResult warm = minimize_nuclear_norm(problem, options_of(0.01), &cold);
  EXPECT_LE(warm.iterations, 10);
  EXPECT_NEAR(warm.norm, cold.norm, 2e-6 * cold.norm);
  expect_certified(problem, options_of(0.01), warm);
}

TEST(NuclearNorm, AResumedSolveGivesTheSameBits) {
  const Matrix truth = low_rank_matrix(20, 25, 2, 50);
  const MatrixProblem<double> problem = completion_problem<double>(20, 25, test::sample(truth, 200, 51), {});
  NuclearNormSolver whole(problem), first(problem), second(problem);
  whole.start(options_of(0.01));
  while (whole.advance(1000)) continue;
  first.start(options_of(0.01));
  first.advance(33);
  second.start(options_of(0.01));
  second.restore(first.state());
  while (second.advance(7)) continue;
  EXPECT_EQ(whole.result().iterations, second.result().iterations);
  EXPECT_EQ((whole.result().w - second.result().w).norm(), 0);
  EXPECT_EQ(whole.result().dual_bound, second.result().dual_bound);
}

TEST(NuclearNorm, WatchersSeeTheStartTheEndAndMayEndIt) {
  const Matrix truth = low_rank_matrix(10, 10, 2, 60);
  const MatrixProblem<double> problem = completion_problem<double>(10, 10, test::sample(truth, 60, 61), {});
  std::vector<Index> seen;
  const Watcher watcher = [&](Snapshot& at) {
    seen.push_back(at.iteration);
    EXPECT_TRUE(std::isfinite(at.loss));
    EXPECT_EQ(at.end_matrix().rows(), 10);
    return at.iteration >= 10 ? Next::finish : Next::proceed;
  };
  NuclearNormOptions options = options_of(0, 1e-12);
  options.record_every = 5;
  const NuclearNormResult result = minimize_nuclear_norm(problem, options, nullptr, {&watcher, 1});
  EXPECT_EQ(result.stop, Stop::interrupted);
  EXPECT_EQ(seen.front(), 0);
  EXPECT_EQ(seen[1], 5);
  EXPECT_EQ(result.iterations, 10);
}

// Arora et al. 2019: 100 x 100 of rank 5, 2,000 entries, |W_ij - b_ij| <= 1e-3. The numbers are of an independent ADMM.
TEST(NuclearNorm, ReferenceProblemHasItsKnownNorm) {
  const Matrix truth = test::reference_matrix();
  const MatrixProblem<double> problem = completion_problem<double>(100, 100, test::reference_entries(truth), {});
  const NuclearNormOptions options = options_of(1e-3);
  const NuclearNormResult result = minimize_nuclear_norm(problem, options);
  expect_certified(problem, options, result);
  EXPECT_NEAR(result.norm, 212.1806, 3e-4);
  EXPECT_NEAR((result.w - truth).squaredNorm() / 1e4, 9.29e-2, 1e-4);
  const Vector s = singular_values(result.w);
  EXPECT_NEAR(effective_rank(s), 9.274, 1e-3);
  EXPECT_EQ((s.array() > 1e-5 * s[0]).count(), 28);
  EXPECT_LT(result.iterations, 300);
}

}  // namespace
}  // namespace rankflow
