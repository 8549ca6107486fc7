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

// T3: d sigma_a / dt = -L sigma_a^(2-2/L) u_a^T G v_a, by central differences along the run.
TEST(FlowFaithful, EverySingularValueObeysTheScalarLaw) {
  const Matrix w = 2 * test::low_rank_matrix(24, 20, 3, 5);
  const EntryList<double> omega = test::sample(w, 300, 3);
  const auto set = make_observations(24, 20, omega);
  const LowRankModel start = test::random_model(24, 20, Vector::LinSpaced(5, .5, .2), 9);
  for (const double depth : {2.0, 2.5, 3.0, 4.0}) {
    SCOPED_TRACE(depth);
    const auto at = [&](double time) {
      FlowOptions options{.depth = depth};
      options.max_time = time;
      options.path_tolerance = 1e-11;
      return follow_flow(set, start, options).model;
    };
    const double time = .12, h = 1e-4;
    const LowRankModel before = at(time - h), now = at(time), after = at(time + h);
    Matrix g = Matrix::Zero(24, 20);
    for (Index k = 0; k < omega.count(); ++k)
      g(omega.row[k], omega.column[k]) = now(omega.row[k], omega.column[k]) - omega.value[k];
    for (Index a = 0; a < 5; ++a) {
      const double law = -depth * std::pow(now.s[a], 2 - 2 / depth) * now.u.col(a).dot(g * now.v.col(a));
      const double difference = (after.s[a] - before.s[a]) / (2 * h);
      EXPECT_NEAR(difference, law, 1e-4 * std::abs(law) + 1e-5);  // O(h^2) of the difference quotient
    }
  }
}

// T9: on full observation of a diagonal problem every value follows ds/dt = L s^(2-2/L) (lambda - s) on its own. The
// time from s_0 to s is the integral of its inverse, here by Simpson's rule in ln s.
double time_to_reach(double s0, double s, double lambda, double depth) {
  const int n = 20000;
  const double h = std::log(s / s0) / n;
  double sum = 0;
  for (int k = 0; k <= n; ++k) {
    const double x = s0 * std::exp(k * h), weight = k == 0 || k == n ? 1 : k % 2 == 1 ? 4 : 2;
    sum += weight * x / (depth * std::pow(x, 2 - 2 / depth) * (lambda - x));
  }
  return sum * h / 3;
}

TEST(FlowFaithful, ReachesEachShareOfEachValueAtTheClosedFormTime) {
  const Vector lambda = (Vector(4) << 10, 5, 1, .5).finished();
  LowRankModel frame = test::random_model(8, 7, lambda, 2);
  const Matrix w = test::product(frame);
  const auto set = make_observations(8, 7, test::sample(w, w.size(), 1));
  // Start sizes of the table of step counts: alpha^L of layers alpha I.
  for (const auto& [depth, alpha] : {std::pair{2.0, 1e-4}, {3.0, 1e-3}, {4.0, 1.6e-3}, {2.5, 1e-3}}) {
    LowRankModel start = frame;
    start.s.setConstant(alpha);
    for (const double share : {.1, .5, .9})
      for (Index a = 0; a < 4; ++a) {
        FlowOptions options{.depth = depth};
        options.path_tolerance = 1e-8;
        options.max_time = time_to_reach(alpha, share * lambda[a], lambda[a], depth);
        options.tolerance = 1e-14;
        const FlowResult result = follow_flow(set, start, options);
        // Distinct values stay apart: the a-th largest is the a-th one unless smaller ones are still equal to it.
        EXPECT_NEAR(result.model.s[a], share * lambda[a], 2e-5 * lambda[a]) << "depth " << depth << ", value " << a;
      }
  }
}

// The table of step counts of section "Chou et al." is gradient descent x <- x + eta x^(L-1) (lambda - x^L) per value;
// its lag behind the flow is 2 to 4 steps.
TEST(FlowFaithful, LagsGradientDescentByTheFewStepsOfItsDiscretisation) {
  struct Row {
    double depth, alpha, step_size;
    int steps[4];  // to half of 10, 5, 1, .5
  };
  const Row rows[] = {{2, .01, 1e-2, {60, 111, 463, 854}},
                      {3, .1, 5e-3, {195, 383, 1831, 3569}},
                      {4, .2, 2e-3, {624, 1241, 6109, 12085}}};
  const Vector lambda = (Vector(4) << 10, 5, 1, .5).finished();
  const LowRankModel frame = test::random_model(6, 6, lambda, 3);
  const Matrix w = test::product(frame);
  const auto set = make_observations(6, 6, test::sample(w, w.size(), 1));
  for (const Row& row : rows) {
    LowRankModel start = frame;
    start.s.setConstant(std::pow(row.alpha, row.depth));
    for (Index a = 0; a < 4; ++a)
      for (const int lag : {1, 5}) {  // the flow is at half after steps - 5 and not before steps - 1: see the table
        FlowOptions options{.depth = row.depth};
        options.max_time = (row.steps[a] - lag) * row.step_size;
        options.tolerance = 1e-14;
        const double share = follow_flow(set, start, options).model.s[a] / lambda[a];
        if (lag == 1)
          EXPECT_GE(share, .5) << "depth " << row.depth << ", value " << lambda[a];
        else
          EXPECT_LE(share, .5) << "depth " << row.depth << ", value " << lambda[a];
      }
  }
}

TEST(FlowFaithful, OfDepthTwoAndAHalfLiesBetweenTwoAndThree) {
  const Matrix w = 2 * test::low_rank_matrix(24, 20, 3, 5);
  const EntryList<double> omega = test::sample(w, 300, 3);
  const LowRankModel start = test::random_model(24, 20, Vector::LinSpaced(6, .3, .1), 9);
  double growth[3];
  const double depths[] = {2, 2.5, 3};
  for (int k = 0; k < 3; ++k) growth[k] = follow(w, omega, start, depths[k], .1).s.back()[0];
  EXPECT_LT(std::min(growth[0], growth[2]), growth[1]);
  EXPECT_GT(std::max(growth[0], growth[2]), growth[1]);
}

// Weight decay adds -lambda L W: on full observation ds/dt = L s^(2-2/L) (target - s - lambda s^(2/L-1)).
TEST(FlowFaithful, WeightDecayRestsWhereThePenaltyOfItsSchattenNormDoes) {
  const LowRankModel frame = test::random_model(9, 8, (Vector(2) << 6, 3).finished(), 2);
  const auto set = make_observations(9, 8, test::sample(test::product(frame), 72, 1));
  for (const double depth : {2.0, 3.0}) {
    const double lambda = .4;
    LowRankModel start = frame;
    start.s.setConstant(.5);
    FlowOptions options{.depth = depth, .weight_decay = lambda};
    options.max_time = 30;
    const Vector s = follow_flow(set, start, options).model.s;
    for (Index a = 0; a < 2; ++a)
      EXPECT_NEAR(frame.s[a] - s[a], lambda * std::pow(s[a], 2 / depth - 1), 1e-5) << "depth " << depth;
  }
}

// Everything is done by the engine itself: spectral start, entries of further directions, stop.
TEST(FlowFaithful, FromASmallSpectralStartRecoversTheReferenceMatrix) {
  const Matrix w = test::reference_matrix();
  const auto set = make_observations(100, 100, test::reference_entries(w));
  FlowOptions options{.depth = 3, .motion = Motion::faithful};
  options.alpha = 1e-3;
  options.max_time = 4;
  options.path_tolerance = 1e-4;
  const FlowResult result = fit_flow(set, {}, options);
  EXPECT_EQ(result.model.rank(1e-2), 5);
  EXPECT_LT((test::product(result.model) - w).squaredNorm() / 1e4, 1e-3) << result.message;
}

}  // namespace
}  // namespace rankflow
