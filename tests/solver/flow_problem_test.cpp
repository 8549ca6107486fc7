// The flow on every kind of matrix problem: against the plain loss, against gradient descent on explicit factors in the
// problem's own normalization, and on solutions known in closed form.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/flow_problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "rankflow/deep_factorization.h"
#include "rankflow/error.h"
#include "solver/flow/measured_loss.h"
#include "support/matrix_problems.h"

namespace rankflow {
namespace {

using test::normal_matrix;

TEST(MeasuredLoss, AgreesWithThePlainLossOnEveryProblem) {
  for (const auto& [name, problem] : test::every_problem(7, 5, 3)) {
    SCOPED_TRACE(name);
    const auto loss = flow::make_loss(problem);
    const Matrix left = normal_matrix(7, 3, 1), right = normal_matrix(5, 3, 2), w = left * right.transpose();
    const flow::Point none = flow::point_of_rank_zero(7, 5);
    Matrix g;
    const double value = loss_at(problem, w, &g);
    const flow::Slope slope = loss->slope({left, right, none});
    EXPECT_NEAR(slope.loss, value, 1e-12 * value);
    EXPECT_NEAR(loss->value({left, right, none}), value, 1e-12 * value);
    EXPECT_LT((slope.g_right - g * right).norm(), 1e-12 * g.norm() * right.norm());
    EXPECT_LT((slope.gt_left - g.transpose() * left).norm(), 1e-12 * g.norm() * left.norm());
    EXPECT_LT((loss->sums({left, right, none}, false) - g.rowwise().sum()).norm(), 1e-11 * g.norm());
    EXPECT_NEAR(loss->squares(), 2 * loss_at(problem, Matrix(Matrix::Zero(7, 5))), 1e-12 * loss->squares());
  }
}

TEST(MeasuredLoss, TakesBiasesIntoAccount) {
  for (const auto& [name, problem] : test::every_problem(7, 5, 3)) {
    SCOPED_TRACE(name);
    const Matrix left = normal_matrix(7, 2, 1), right = normal_matrix(5, 2, 2);
    flow::Point biases = flow::point_of_rank_zero(7, 5);
    biases.mean = .5;
    biases.row_bias = normal_matrix(7, 1, 6).col(0);
    biases.column_bias = normal_matrix(5, 1, 7).col(0);
    Matrix w = (left * right.transpose()).array() + biases.mean;
    w.colwise() += biases.row_bias;
    w.rowwise() += biases.column_bias.transpose();
    const double value = loss_at(problem, w);
    EXPECT_NEAR(flow::make_loss(problem)->value({left, right, biases}), value, 1e-12 * value);
  }
}

// Second differences of the plain loss along a tangent and along factors.
TEST(MeasuredLoss, HasTheCurvatureOfTheSquaredLoss) {
  for (const auto& [name, problem] : test::every_problem(7, 5, 3)) {
    if (problem.loss.penalty != Penalty::squared) continue;
    SCOPED_TRACE(name);
    const auto loss = flow::make_loss(problem);
    const LowRankModel point = test::random_model(7, 5, Eigen::Vector2d(2, 1), 4);
    const flow::Tangent xi{normal_matrix(7, 2, 8), normal_matrix(5, 2, 9)};
    const Matrix at = test::product(point), d = xi.left * point.v.transpose() + point.u * xi.right.transpose();
    const double second =
        loss_at(problem, Matrix(at + d)) - 2 * loss_at(problem, at) + loss_at(problem, Matrix(at - d));
    EXPECT_NEAR(loss->curvature(point, xi, nullptr).aa, second, 1e-10 * second);
    Matrix out_left, out_right;
    loss->normal_product({point.u, point.v, point}, xi.left, xi.right, out_left, out_right);
    const double product = out_left.cwiseProduct(xi.left).sum() + out_right.cwiseProduct(xi.right).sum();
    EXPECT_NEAR(product, second, 1e-10 * second);
  }
}

// sigma of gradient descent on explicit factors at the end, step * iterations = time.
Vector descended(const MatrixProblem<double>& problem, std::vector<Matrix> w, double step, int iterations) {
  const std::size_t depth = w.size();
  std::vector<Matrix> below(depth);
  Matrix g;
  for (int t = 0; t <= iterations; ++t) {
    below[0] = w[0];
    for (std::size_t l = 1; l < depth; ++l) below[l] = w[l] * below[l - 1];
    if (t == iterations) break;
    loss_at(problem, below.back(), &g);
    for (std::size_t l = depth; l-- > 0;) {
      const Matrix gradient = l > 0 ? Matrix(g * below[l - 1].transpose()) : g;
      if (l > 0) g = Matrix(w[l].transpose() * g);
      w[l] -= step * gradient;
    }
  }
  return singular_values(below.back());
}

class FlowDepths : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(OneToFour, FlowDepths, testing::Values(1, 2, 3, 4));

TEST_P(FlowDepths, IsTheLimitOfGradientDescentInTheNormalizationOfTheProblem) {
  const int depth = GetParam();
  for (const auto& [name, problem] : test::every_problem(7, 5, 3)) {
    SCOPED_TRACE(name);
    const double g = 2 * std::sqrt(loss_at(problem, Matrix(Matrix::Zero(7, 5))));
    const double time = 6 / g;  // long enough to grow well beyond the start
    const Matrix start = .3 * test::product(test::random_model(7, 5, Vector::LinSpaced(5, 1.2, .8), 11));
    std::vector<Matrix> factors{start};
    if (depth > 1) factors = balanced_factors(start, layer_dims(7, 5, depth)).factors;
    const Vector once = descended(problem, factors, time / 1000, 1000);
    const Vector twice = descended(problem, factors, time / 2000, 2000);
    FlowOptions options{.depth = static_cast<double>(depth)};
    options.max_time = time;
    options.tolerance = 1e-14;
    options.path_tolerance = 1e-9;
    const FlowResult result = follow_flow(problem, start, options);
    EXPECT_NEAR(result.time, time, 1e-12 * time);
    const Vector limit = 2 * twice - once;  // extrapolated to step 0
    EXPECT_LT((result.model.s - limit).norm(), 1e-4 * limit.norm()) << result.message;
    EXPECT_GT((limit - singular_values(start)).norm(), .2 * limit.norm());
  }
}

TEST(FlowProblem, EqualSingularValuesAtTheStartAreNoTrouble) {
  // The identity start of the reference problem (rank 100, all values equal), against gradient descent's record of it.
  const Matrix truth = test::reference_matrix();
  const auto problem = completion_problem<double>(100, 100, test::reference_entries(truth), {});
  FlowOptions options{.depth = 3};
  options.max_time = 300;  // 3000 iterations of step .1
  options.path_tolerance = 1e-5;
  const Matrix start = 1e-3 * Matrix::Identity(100, 100);
  const FlowResult result = follow_flow(problem, start, options);
  ASSERT_EQ(result.model.width(), 100);
  // a4_dynamics_n3.csv, iteration 3000
  std::ifstream file(std::string(RANKFLOW_TEST_DATA) + "/a4_dynamics_n3.csv");
  std::string line;
  while (std::getline(file, line) && line.rfind("3000,", 0) != 0) {
  }
  std::stringstream cells(line);
  std::string cell;
  for (int skipped = 0; skipped < 7; ++skipped) std::getline(cells, cell, ',');
  for (Index r = 0; r < 10; ++r) {
    ASSERT_TRUE(std::getline(cells, cell, ','));
    EXPECT_NEAR(result.model.s[r] / std::stod(cell), 1, 2e-3) << "sigma_" << r + 1;
  }
}

TEST(FlowProblem, WatchersSeeTheMomentsAskedForExactly) {
  const auto problem = full_problem<double>(test::low_rank_matrix(6, 5, 2, 1), {});
  for (const double depth : {1.0, 2.5}) {
    SCOPED_TRACE(depth);
    FlowOptions options{.depth = depth};
    options.max_time = 10;
    options.tolerance = 1e-14;
    std::vector<double> times, losses;
    const std::vector<Watcher> watchers{[&](Snapshot& snapshot) {
      times.push_back(snapshot.time);
      losses.push_back(snapshot.loss);
      Matrix g;
      EXPECT_NEAR(loss_at(problem, snapshot.end_matrix(), &g), snapshot.loss, 1e-12);
      EXPECT_LT((snapshot.gradient() - g).norm(), 1e-12);
      const Vector dense = singular_values(snapshot.end_matrix());
      EXPECT_LT((snapshot.singular_values() - dense).norm(), 1e-12 * dense.norm());
      return Next::proceed;
    }};
    const Matrix start = .1 * Matrix::Identity(6, 5);
    follow_flow<double>(problem, start, options, watchers, {{0, 2.5, 4}});
    EXPECT_EQ(times, (std::vector<double>{0, 2.5, 4, 10}));
    EXPECT_TRUE(std::is_sorted(losses.rbegin(), losses.rend()));
    times.clear();
    const std::vector<Watcher> impatient{[&](Snapshot& snapshot) {
      times.push_back(snapshot.time);
      return times.size() < 3 ? Next::proceed : Next::finish;
    }};
    EXPECT_EQ(follow_flow<double>(problem, start, options, impatient).stop, Stop::interrupted);
    EXPECT_EQ(times.size(), 3u);
  }
}

TEST(FlowProblem, GreedyEntryRecoversLowRankFromEveryMeasurement) {
  const Matrix w = test::low_rank_matrix(20, 16, 2, 5);
  const Index m = 200;
  const Matrix dense = normal_matrix(m, 320, 2) / 20, a = normal_matrix(m, 20, 3), b = normal_matrix(m, 16, 4);
  const Vector flat = Eigen::Map<const Vector>(w.data(), w.size());
  const std::vector<MatrixProblem<double>> problems{
      completion_problem<double>(20, 16, test::sample(w, m, 1), {}),
      dense_sensing_problem<double>(20, 16, dense, dense * flat, {}),
      rank_one_sensing_problem<double>(a, b, Vector((a * w).cwiseProduct(b).rowwise().sum()), {}),
      full_problem<double>(w, {Normalization::half_sum}),
  };
  for (const auto& problem : problems) {
    SCOPED_TRACE(static_cast<int>(problem.measurement));
    std::vector<double> losses;
    const std::vector<Watcher> watchers{[&](Snapshot& snapshot) {
      losses.push_back(snapshot.loss);
      return Next::proceed;
    }};
    const FlowResult result = fit_flow(problem, FlowOptions{}, watchers);
    EXPECT_TRUE(result.solved) << result.message;
    EXPECT_EQ(result.model.rank(), 2);
    EXPECT_LT((test::product(result.model) - w).norm(), 1e-6 * w.norm());
    EXPECT_NEAR(losses.front(), loss_at(problem, Matrix(Matrix::Zero(20, 16))), 1e-12 * losses.front());
  }
}

TEST(FlowProblem, TheFaithfulMotionStartsFromNothingOnSensing) {
  const Matrix w = test::low_rank_matrix(12, 10, 2, 5);
  const Matrix dense = normal_matrix(90, 120, 2) / std::sqrt(120.0);
  const auto problem = dense_sensing_problem<double>(
      12, 10, dense, dense * Eigen::Map<const Vector>(w.data(), w.size()), {Normalization::half_sum});
  FlowOptions options{.depth = 3, .motion = Motion::faithful};
  options.max_time = 1e4;
  options.tolerance = 1e-3;
  const FlowResult result = fit_flow(problem, options);
  EXPECT_EQ(result.stop, Stop::converged) << result.message;
  EXPECT_EQ(result.model.rank(1e-2), 2);
  EXPECT_LT((test::product(result.model) - w).norm(), .02 * w.norm());
}

TEST(FlowProblem, RefusesWhatItCannotDo) {
  const Matrix w = test::low_rank_matrix(6, 5, 1, 1);
  auto problem = full_problem<double>(w, {});
  FlowOptions options;
  options.strategy = FlowStrategy::vanishing_decay;
  EXPECT_THROW(fit_flow(problem, options), OptionError);
  options.strategy = FlowStrategy::noisy;
  EXPECT_THROW(fit_flow(problem, options), OptionError);
  EXPECT_THROW(fit_flow(problem, FlowOptions{.depth = 1}), OptionError);
  EXPECT_THROW(fit_flow(problem, FlowOptions{.centering = Centering::mean}), OptionError);
  EXPECT_THROW(follow_flow(problem, Matrix(Matrix::Zero(6, 5)), FlowOptions{}), InputError);
  EXPECT_THROW(follow_flow(problem, Matrix(Matrix::Zero(5, 5)), FlowOptions{}), InputError);
  EXPECT_THROW(follow_flow(problem, w, FlowOptions{}, {}, {{2, 1}}), OptionError);
  problem.loss.penalty = Penalty::huber;
  EXPECT_THROW(fit_flow(problem, FlowOptions{}), OptionError);
}

TEST(FlowProblem, RegularMomentsEndWithTheLast) {
  EXPECT_EQ(regular_moments(2, 5).times, (std::vector<double>{0, 2, 4, 5}));
  EXPECT_EQ(regular_moments(2, 4).times, (std::vector<double>{0, 2, 4}));
  EXPECT_THROW(regular_moments(0, 1), OptionError);
}

}  // namespace
}  // namespace rankflow
