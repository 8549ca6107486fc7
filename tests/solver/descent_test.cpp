// Gradient descent on deep factorizations: gradients by differences, exact identities, theory in numbers, and the
// promises of the engine.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/descent.h"

#include <gtest/gtest.h>

#include "base/threads.h"
#include "linalg/decompositions.h"
#include "rankflow/error.h"
#include "support/matrix_problems.h"

namespace rankflow {
namespace {

using test::normal_matrix;

const MatrixLoss kHalfSum{.normalization = Normalization::half_sum};

DeepFactorization<double> random_factors(const std::vector<Index>& dims, double size, std::uint64_t seed) {
  return initialize<double>(dims, {.scale = size, .scale_of = ScaleOf::factor, .seed = seed});
}

double loss_of(const MatrixProblem<double>& problem, const DeepFactorization<double>& model) {
  return loss_at(problem, model.end_matrix());
}

// G_l, as the plain update shows it: (W_l - W_l(1)) / step.
template <class T>
std::vector<Matrix> gradients(const MatrixProblem<T>& problem, const DeepFactorization<T>& at) {
  const DescentOptions options{.optimizer = Optimizer::plain, .step_size = 1, .loss_tolerance = 0, .max_iterations = 1};
  const auto after = fit_descent(problem, at, options);
  std::vector<Matrix> list;
  for (std::size_t l = 0; l < at.factors.size(); ++l)
    list.push_back((at.factors[l] - after.model.factors[l]).template cast<double>());
  return list;
}

TEST(DescentGradient, MatchesCentralDifferencesForEveryMeasurementAndDepth) {
  constexpr double kTolerance = 1e-6, h = 1e-5;  // relative; central differences
  const std::vector<std::vector<Index>> all_dims = {{5, 7},        {5, 5, 7},       {5, 6, 4, 7},
                                                    {5, 12, 9, 7}, {5, 6, 5, 7, 7}, {5, 17, 6, 18, 7}};
  for (const auto& [name, problem] : test::every_problem(7, 5, 2))
    for (const std::vector<Index>& dims : all_dims) {
      SCOPED_TRACE(testing::Message() << name << ", depth " << dims.size() - 1 << ", first width " << dims[1]);
      DeepFactorization<double> at = random_factors(dims, .5, 3);
      const std::vector<Matrix> gradient = gradients(problem, at);
      for (std::size_t l = 0; l < at.factors.size(); ++l)
        for (const Index k : {Index{0}, at.factors[l].size() / 2, at.factors[l].size() - 1}) {
          double& entry = at.factors[l].data()[k];
          const double before = entry;
          entry = before + h;
          const double above = loss_of(problem, at);
          entry = before - h;
          const double below = loss_of(problem, at);
          entry = before;
          EXPECT_NEAR(gradient[l].data()[k], (above - below) / (2 * h), kTolerance * (1 + gradient[l].norm()));
        }
    }
}

TEST(DescentGradient, IsTheSameThroughEveryWayOfEvaluating) {
  // The chain rule with plain products, for sizes that take the kernels' paths, wide and tall, float and double.
  for (const auto& [rows, columns] : std::vector<std::pair<Index, Index>>{{23, 31}, {31, 23}})
    for (const std::vector<Index>& hidden : {std::vector<Index>{}, {23}, {20, 40}, {24, 23, 31}}) {
      std::vector<Index> dims = {columns};
      dims.insert(dims.end(), hidden.begin(), hidden.end());
      dims.push_back(rows);
      const DeepFactorization<double> at = random_factors(dims, .3, 5);
      DeepFactorization<float> coarse;
      for (const Matrix& factor : at.factors) coarse.factors.push_back(factor.cast<float>());
      const auto fine_problems = test::every_problem<double>(rows, columns, 4);
      const auto coarse_problems = test::every_problem<float>(rows, columns, 4);
      for (std::size_t k = 0; k < fine_problems.size(); ++k) {
        const auto& [name, problem] = fine_problems[k];
        SCOPED_TRACE(testing::Message() << name << ", " << rows << " x " << columns << ", depth " << dims.size() - 1);
        const std::vector<Matrix> found = gradients(problem, at), rough = gradients(coarse_problems[k].second, coarse);
        Matrix e;
        loss_at(problem, at.end_matrix(), &e);
        for (std::size_t l = 0; l < at.factors.size(); ++l) {
          // W_{l+1..N}^T E W_{1..l-1}^T
          Matrix inner = Matrix::Identity(columns, columns);
          for (std::size_t below = 0; below < l; ++below) inner = at.factors[below] * inner;
          Matrix wanted = e;
          for (std::size_t above = at.factors.size() - 1; above > l; --above)
            wanted = at.factors[above].transpose() * wanted;
          wanted = wanted * inner.transpose();
          EXPECT_LT((found[l] - wanted).norm(), 1e-12 * (1 + wanted.norm()));
          EXPECT_LT((rough[l] - wanted).norm(), 1e-5 * (1 + wanted.norm()));
        }
      }
    }
}

TEST(DescentTheory, ImbalanceChangesByTheSquaredStepExactly) {
  // W_{l+1}^T W_{l+1} - W_l W_l^T changes by eta^2 (G_{l+1}^T G_{l+1} - G_l G_l^T) for any start and loss, because
  // W_{l+1}^T G_{l+1} = G_l W_l^T.
  constexpr double kTolerance = 1e-14, eta = .01;
  for (const auto& [name, problem] : test::every_problem(12, 10, 6)) {
    SCOPED_TRACE(name);
    const DeepFactorization<double> at = random_factors({10, 11, 10, 12}, .3, 7);
    const std::vector<Matrix> g = gradients(problem, at);
    const DescentOptions options{
        .optimizer = Optimizer::plain, .step_size = eta, .loss_tolerance = 0, .max_iterations = 1};
    const auto after = fit_descent(problem, at, options);
    for (std::size_t l = 0; l + 1 < at.factors.size(); ++l) {
      const Matrix &low = at.factors[l], &high = at.factors[l + 1];
      const Matrix &low1 = after.model.factors[l], &high1 = after.model.factors[l + 1];
      const Matrix change =
          (high1.transpose() * high1 - low1 * low1.transpose()) - (high.transpose() * high - low * low.transpose());
      const Matrix wanted = eta * eta * (g[l + 1].transpose() * g[l + 1] - g[l] * g[l].transpose());
      EXPECT_LT((change - wanted).cwiseAbs().maxCoeff(), kTolerance * (1 + g[l].squaredNorm()));
      const double scale = 1 + (high.transpose() * g[l + 1]).norm();
      EXPECT_LT((high.transpose() * g[l + 1] - g[l] * low.transpose()).norm(), 1e-13 * scale);
    }
  }
}

Matrix symmetric_power(const Matrix& a, double exponent) {
  const SymmetricEigen parts = symmetric_eigen(a);
  return parts.vectors * parts.values.cwiseMax(0).array().pow(exponent).matrix().asDiagonal() *
         parts.vectors.transpose();
}

TEST(DescentTheory, OneStepFromABalancedPointIsTheEndToEndFlow) {
  // Arora et al. 2019: dW/dt = -sum_j (W W^T)^((N-j)/N) E (W^T W)^((j-1)/N), and
  // d s_r / dt = -N s_r^(2 - 2/N) u_r^T E v_r. One step differs by O(eta).
  const Matrix end = normal_matrix(6, 6, 9);
  const auto problem = full_problem<double>(normal_matrix(6, 6, 10), kHalfSum);
  Matrix e;
  loss_at(problem, end, &e);
  const Svd<double> parts = svd(end);
  for (const Index depth : {2, 3, 4}) {
    const double n = static_cast<double>(depth), eta = 1e-7;
    Matrix flow = Matrix::Zero(6, 6);
    for (Index j = 1; j <= depth; ++j)
      flow -= symmetric_power(end * end.transpose(), static_cast<double>(depth - j) / n) * e *
              symmetric_power(end.transpose() * end, static_cast<double>(j - 1) / n);
    const DescentOptions options{
        .optimizer = Optimizer::plain, .step_size = eta, .loss_tolerance = 0, .max_iterations = 1};
    const Matrix after =
        fit_descent(problem, balanced_factors(end, layer_dims(6, 6, depth)), options).model.end_matrix();
    EXPECT_LT(((after - end) / eta - flow).norm(), 1e-5 * flow.norm());
    const Vector moved = singular_values(after);
    for (Index r = 0; r < 6; ++r) {
      const double rate = -n * std::pow(parts.s[r], 2 - 2 / n) * parts.u.col(r).dot(e * parts.v.col(r));
      EXPECT_NEAR((moved[r] - parts.s[r]) / eta, rate, 1e-4 * (1 + std::abs(rate)));
    }
  }
}

// Steps until the first eigenvalue of W reaches a share of lambda = W*_11.
Index steps_until(Index depth, double alpha, double eta, double lambda, double share) {
  const auto problem = full_problem<double>(Matrix::Constant(1, 1, lambda), kHalfSum);
  const InitializationOptions start{
      .initialization = Initialization::identity, .scale = alpha, .scale_of = ScaleOf::factor};
  Descent<double> engine(problem, initialize<double>(layer_dims(1, 1, depth), start),
                         {.optimizer = Optimizer::plain, .step_size = eta, .loss_tolerance = 0});
  Index steps = 0;
  while (engine.snapshot().end_matrix()(0, 0) < share * lambda) {
    engine.advance(1);
    ++steps;
  }
  return steps;
}

TEST(DescentTheory, IdenticalStartsTakeTheCountedNumberOfStepsToEachEigenvalue) {
  // x <- x + eta x^(N-1) (lambda - x^N): counts of the scalar recursion, exact.
  struct Row {
    Index depth;
    double alpha, eta, lambda;
    Index tenth, half, most;
  };
  for (const Row& row :
       {Row{2, .01, 1e-2, 10, 49, 60, 71}, Row{2, .01, 1e-2, 5, 89, 111, 132}, Row{2, .01, 1e-2, 1, 353, 463, 572},
        Row{2, .01, 1e-2, .5, 634, 854, 1073}, Row{3, .1, 5e-3, 10, 184, 195, 202}, Row{3, .1, 5e-3, 5, 355, 383, 401},
        Row{3, .1, 5e-3, 1, 1593, 1831, 1994}, Row{3, .1, 5e-3, .5, 2969, 3569, 3981},
        Row{4, .2, 2e-3, 10, 605, 624, 634}, Row{4, .2, 2e-3, 5, 1189, 1241, 1269},
        Row{4, .2, 2e-3, 1, 5533, 6109, 6433}, Row{4, .2, 2e-3, .5, 10457, 12085, 13002}}) {
    SCOPED_TRACE(testing::Message() << "depth " << row.depth << ", lambda " << row.lambda);
    EXPECT_EQ(steps_until(row.depth, row.alpha, row.eta, row.lambda, .1), row.tenth);
    EXPECT_EQ(steps_until(row.depth, row.alpha, row.eta, row.lambda, .5), row.half);
    EXPECT_EQ(steps_until(row.depth, row.alpha, row.eta, row.lambda, .9), row.most);
  }
}

TEST(DescentTheory, AMatrixRunMovesItsEigenvaluesLikeTheScalarRecursion) {
  const Matrix q =
      initialize<double>({10, 10},
                         {.initialization = Initialization::orthogonal, .scale = 1, .scale_of = ScaleOf::factor})
          .factors[0];
  Vector spectrum = Vector::Zero(10);
  spectrum.head(3) << 10, 5, 1;
  const auto problem = full_problem<double>(q * spectrum.asDiagonal() * q.transpose(), kHalfSum);
  for (const Index depth : {2, 3, 4}) {
    const double alpha = .2, eta = 2e-3;
    Descent<double> engine(
        problem,
        initialize<double>(layer_dims(10, 10, depth),
                           {.initialization = Initialization::identity, .scale = alpha, .scale_of = ScaleOf::factor}),
        {.optimizer = Optimizer::plain, .step_size = eta, .loss_tolerance = 0});
    Vector x = Vector::Constant(10, alpha);
    const double n = static_cast<double>(depth);
    for (int k = 0; k < 700; ++k) x.array() += eta * x.array().pow(n - 1) * (spectrum.array() - x.array().pow(n));
    engine.advance(700);
    const Vector found = symmetric_eigen(engine.snapshot().end_matrix()).values.reverse();
    Vector wanted = x.array().pow(n);
    std::sort(wanted.begin(), wanted.end(), std::greater<>());
    EXPECT_LT((found - wanted).cwiseAbs().maxCoeff(), 1e-12 * 10);
  }
}

TEST(DescentTheory, StepsBelowTheBoundDoNotOvershootAndAboveTwiceItDoNotConverge) {
  const double lambda = 3;
  for (const Index depth : {2, 3, 5}) {
    const double n = static_cast<double>(depth), bound = 1 / (n * std::pow(lambda, 2 - 2 / n));
    const auto problem = full_problem<double>(Matrix::Constant(1, 1, lambda), kHalfSum);
    const auto run = [&](double factor, double start) {
      Descent<double> engine(problem,
                             initialize<double>(layer_dims(1, 1, depth), {.initialization = Initialization::identity,
                                                                          .scale = start,
                                                                          .scale_of = ScaleOf::end_matrix}),
                             {.optimizer = Optimizer::plain, .step_size = factor * bound, .loss_tolerance = 0});
      double most = 0;
      for (int k = 0; k < 3000 && engine.advance(1); ++k) most = std::max(most, engine.snapshot().end_matrix()(0, 0));
      return std::pair(most, engine.snapshot().end_matrix()(0, 0));
    };
    EXPECT_LE(run(.99, .1).first, lambda * (1 + 1e-12));
    EXPECT_NEAR(run(.99, .1).second, lambda, 1e-9);
    EXPECT_NEAR(run(1.9, .99 * lambda).second, lambda, 1e-9);
    EXPECT_GT(std::abs(run(2.1, .99 * lambda).second - lambda), 1e-3);
  }
}

TEST(DescentTheory, IdenticalStartsFindThePositivePartAndPerturbedOnesEverything) {
  Matrix target = Matrix::Zero(4, 4);
  target.diagonal() << 4, 2, -1, -3;
  const auto problem = full_problem<double>(target, kHalfSum);
  const auto run = [&](const InitializationOptions& start) {
    return fit_descent(problem, initialize<double>(layer_dims(4, 4, 4), start),
                       {.optimizer = Optimizer::plain, .step_size = .005, .loss_tolerance = 0, .max_iterations = 3200})
        .model.end_matrix();
  };
  const Matrix all =
      run({.initialization = Initialization::perturbed, .scale = .6, .scale_of = ScaleOf::factor, .perturbation = .2});
  EXPECT_LT((all - target).norm(), 1e-9);
  const Matrix positive = run({.initialization = Initialization::identity, .scale = .6, .scale_of = ScaleOf::factor});
  EXPECT_NEAR(positive(0, 0), 4, 1e-9);
  EXPECT_NEAR(positive(1, 1), 2, 1e-9);
  // A negative eigenvalue decays to 0 from above, sublinearly: x ~ ((N - 2) eta |lambda| k)^(-1/(N-2)), W = x^N.
  for (const auto& [place, lambda] : std::vector<std::pair<Index, double>>{{2, 1}, {3, 3}}) {
    const double x = std::pow(2 * .005 * lambda * 3200 + 1 / (.6 * .6), -.5);
    EXPECT_NEAR(positive(place, place), std::pow(x, 4), .05 * std::pow(x, 4));
  }
}

TEST(DescentTheory, SmallStepsNeverRaiseTheLossAndDepthOneLeavesUnseenEntriesAlone) {
  const Matrix truth = test::low_rank_matrix(15, 12, 2, 1);
  const auto problem = completion_problem<double>(15, 12, test::sample(truth, 90, 2), {});
  for (const Index depth : {1, 2, 3}) {
    Descent<double> engine(problem, initialize<double>(layer_dims(15, 12, depth), {.scale = .1}),
                           {.optimizer = Optimizer::plain, .step_size = .2, .loss_tolerance = 0});
    double before = engine.snapshot().loss;
    for (int k = 0; k < 500; ++k) {
      engine.advance(1);
      ASSERT_LE(engine.snapshot().loss, before);
      before = engine.snapshot().loss;
    }
  }
  const auto start = initialize<double>({12, 15}, {.scale = .1});
  for (const Optimizer optimizer : {Optimizer::plain, Optimizer::momentum, Optimizer::adam, Optimizer::group_rmsprop}) {
    const auto result = fit_descent(problem, start, {.optimizer = optimizer, .max_iterations = 300});
    Matrix seen = Matrix::Zero(15, 12);
    for (Index k = 0; k < problem.count(); ++k) seen(problem.entries.row[k], problem.entries.column[k]) = 1;
    for (Index k = 0; k < seen.size(); ++k)
      if (seen.data()[k] == 0) {
        EXPECT_EQ(result.model.factors[0].data()[k], start.factors[0].data()[k]);
      }
  }
}

}  // namespace
}  // namespace rankflow
