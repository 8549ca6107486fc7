// The faithful motion is the gradient flow of explicit deep factorizations. Loss: half the sum of squares; time = step
// size times iterations of gradient descent.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "base/threads.h"
#include "support/flow_problems.h"

namespace rankflow {
namespace {

using test::normal_matrix;

struct Trajectory {
  std::vector<double> time;
  std::vector<Vector> s;
};

// Plain gradient descent on `depth` explicit factors, balanced at the given end matrix; hidden width = its rank (wider
// ones would stay zero). Small steps stand for the gradient flow.
Trajectory descend(const Matrix& target, const EntryList<double>& omega, const LowRankModel& start, int depth,
                   double step_size, int steps, int every) {
  const Index r = start.width();
  const Vector root = start.s.array().pow(1.0 / depth);
  std::vector<Matrix> w(static_cast<std::size_t>(depth), Matrix(root.asDiagonal()));
  w.front() = root.asDiagonal() * start.v.transpose();
  w.back() = start.u * root.asDiagonal();
  Trajectory result;
  Matrix g = Matrix::Zero(target.rows(), target.cols());
  std::vector<Matrix> below(w.size());
  for (int t = 0; t <= steps; ++t) {
    below[0] = w[0];
    for (std::size_t l = 1; l < w.size(); ++l) below[l] = w[l] * below[l - 1];
    if (t % every == 0) {
      result.time.push_back(t * step_size);
      result.s.push_back(singular_values(below.back()).head(r));
    }
    for (Index k = 0; k < omega.count(); ++k)
      g(omega.row[k], omega.column[k]) = below.back()(omega.row[k], omega.column[k]) - omega.value[k];
    Matrix q = g;
    for (std::size_t l = w.size(); l-- > 0;) {
      const Matrix gradient = l > 0 ? Matrix(q * below[l - 1].transpose()) : q;
      if (l > 0) q = w[l].transpose() * q;
      w[l] -= step_size * gradient;
    }
  }
  return result;
}

Trajectory follow(const Matrix& target, const EntryList<double>& omega, const LowRankModel& start, double depth,
                  double max_time, double path_tolerance = 1e-6, double weight_decay = 0) {
  const auto observations = make_observations(target.rows(), target.cols(), omega);
  FlowOptions options{.depth = depth, .motion = Motion::faithful, .weight_decay = weight_decay};
  options.max_time = max_time;
  options.path_tolerance = path_tolerance;
  Trajectory result;
  result.time.push_back(0);
  result.s.push_back(start.s);
  const std::vector<Observer> observers{[&](const Step& step) {
    result.time.push_back(step.time);
    result.s.push_back(
        Eigen::Map<const Vector>(step.singular_values.data(), static_cast<Index>(step.singular_values.size())));
    return Next::proceed;
  }};
  const FlowResult end = follow_flow(observations, start, options, observers);
  EXPECT_NEAR(end.time, max_time, 1e-9 * max_time) << end.message;
  return result;
}

// Largest |sigma_k(t) - reference| over the first `count` values and the flow's own times, relative to the final value.
double largest_deviation(const Trajectory& flow, const Trajectory& reference, Index count) {
  double worst = 0;
  std::size_t at = 0;
  for (std::size_t k = 0; k < flow.time.size(); ++k) {
    while (at + 2 < reference.time.size() && reference.time[at + 1] < flow.time[k]) ++at;
    const double share = (flow.time[k] - reference.time[at]) / (reference.time[at + 1] - reference.time[at]);
    const Vector s = (1 - share) * reference.s[at] + share * reference.s[at + 1];
    for (Index c = 0; c < count; ++c) worst = std::max(worst, std::abs(flow.s[k][c] - s[c]) / reference.s.back()[c]);
  }
  return worst;
}

constexpr double kOnePercent = .01;

class Depths : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(TwoToFour, Depths, testing::Values(2, 3, 4));

TEST_P(Depths, FollowsGradientDescentOnExplicitFactors) {
  const int depth = GetParam();
  const Matrix w = 2 * test::low_rank_matrix(24, 20, 3, 5);
  const EntryList<double> omega = test::sample(w, 300, 3);
  const LowRankModel start = test::random_model(24, 20, Vector::LinSpaced(6, .3, .1), 9);
  const double time = .8, step_size = 4e-5;
  const Trajectory descent = descend(w, omega, start, depth, step_size, static_cast<int>(time / step_size) + 1, 20);
  const Trajectory flow = follow(w, omega, start, depth, time);
  EXPECT_GT(flow.s.back()[2], 5);  // it has grown all three by then
  EXPECT_LT(largest_deviation(flow, descent, 3), kOnePercent);
}

TEST_P(Depths, FollowsGradientDescentOnTheReferenceProblem) {
  const int depth = GetParam();
  const Matrix w = test::reference_matrix();
  const EntryList<double> omega = test::reference_entries(w);
  const LowRankModel start = test::random_model(100, 100, Vector::LinSpaced(10, 1, .5), 4);
  const double time = depth == 2 ? 1.2 : .8, step_size = depth == 4 ? 1e-5 : 2e-5;
  const Trajectory descent = descend(w, omega, start, depth, step_size, static_cast<int>(time / step_size) + 1, 50);
  const Trajectory flow = follow(w, omega, start, depth, time);
  EXPECT_GT(flow.s.back()[4], 10);
  EXPECT_LT(largest_deviation(flow, descent, 5), kOnePercent);
}

}  // namespace
}  // namespace rankflow
