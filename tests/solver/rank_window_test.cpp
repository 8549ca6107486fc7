// Windows of the effective rank: the published plateaus, predictions against gradient descent on matrices, and stops.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/rank_window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "rankflow/descent.h"
#include "rankflow/error.h"
#include "rankflow/flow_problem.h"
#include "rankflow/scalar_law.h"
#include "support/flow_problems.h"

namespace rankflow {
namespace {

// Spectrum (10, 5, 1, 0, ..., 0) of a 10 x 10 matrix, layers alpha I.
TargetEstimate ten_five_one() {
  TargetEstimate target{Vector::Zero(10), 1};
  target.values.head(3) << 10, 5, 1;
  return target;
}

struct Plateaus {
  double depth, layer, step;
  Index least, first, last, second_last;  // iteration of least r; first and last of r = 1; last of r = 1.5
};
class RankWindows : public testing::TestWithParam<Plateaus> {
 protected:
  RankWindowStart start() const {
    const Plateaus& p = GetParam();
    return {p.depth, std::pow(p.layer, p.depth), p.step};
  }
};
INSTANTIATE_TEST_SUITE_P(Depths, RankWindows,
                         testing::Values(Plateaus{2, 1e-3, 1e-3, 810, 409, 1227, 6487},
                                         Plateaus{3, 1e-2, 1e-3, 10061, 8880, 19668, 98767},
                                         Plateaus{4, 5e-2, 5e-4, 40122, 38365, 79574, 398790}));

TEST_P(RankWindows, CountedAsPublished) {
  const auto windows = count_rank_windows(ten_five_one(), start(), GetParam().second_last + 2000);
  ASSERT_EQ(windows.size(), 3u);
  EXPECT_EQ(windows[0].level, 1);
  EXPECT_EQ(windows[0].first, GetParam().first);
  EXPECT_EQ(windows[0].last, GetParam().last);
  EXPECT_EQ(windows[1].level, 1.5);
  EXPECT_EQ(windows[1].last, GetParam().second_last);
}

TEST_P(RankWindows, PredictedToTheLagOfGradientDescent) {
  const auto counted = count_rank_windows(ten_five_one(), start(), GetParam().second_last + 2000);
  const auto predicted = predict_rank_windows(ten_five_one(), start());
  ASSERT_EQ(predicted.size(), 3u);
  for (int k = 0; k < 2; ++k) {
    EXPECT_NEAR(static_cast<double>(predicted[k].first), static_cast<double>(counted[k].first), 5);
    EXPECT_NEAR(static_cast<double>(predicted[k].last), static_cast<double>(counted[k].last), 5);
  }
  EXPECT_NEAR(predicted[2].level, 1.6, 1e-12);
  EXPECT_TRUE(std::isinf(predicted[2].end_time));  // nothing enters after it
}

TEST_P(RankWindows, TheEffectiveRankRisesMonotonicallyAfterItsMinimum) {
  const LayerRecursion recursion{GetParam().depth, GetParam().step};
  Vector x = Vector::Constant(10, GetParam().layer);
  const Vector lambda = ten_five_one().values;
  double least = 10, before = 10, fall = 0;
  Index at = 0;
  for (Index k = 0; k < GetParam().second_last; ++k) {
    const Vector s = x.array().pow(GetParam().depth);
    const double r = s.sum() / s.maxCoeff();
    if (r < least) least = r, at = k, fall = 0;
    fall = std::max(fall, before - r);
    if (k == at) fall = 0;
    before = r;
    for (Index i = 0; i < 10; ++i) x[i] = recursion.next(x[i], lambda[i]);
  }
  EXPECT_NEAR(static_cast<double>(at), static_cast<double>(GetParam().least), GetParam().least / 50.);
  EXPECT_LT(fall, 1e-12);
}

// The matrix run has the windows of the scalar recursion, to the iteration.
TEST_P(RankWindows, GradientDescentStopsWhereCounted) {
  const Matrix target = ten_five_one().values.asDiagonal();
  const auto problem = full_problem<double>(target, {Normalization::half_sum});
  const auto depth = static_cast<Index>(GetParam().depth);
  DescentOptions options{.optimizer = Optimizer::plain, .step_size = GetParam().step};
  options.record_every = 1;
  InitializationOptions from{.initialization = Initialization::identity, .scale = GetParam().layer};
  from.scale_of = ScaleOf::factor;
  const auto seen = std::make_shared<SeenWindow>();
  const std::vector<Watcher> watchers{stop_at_rank(1, .02, seen)};
  const auto result = fit_descent(problem, initialize<double>(layer_dims(10, 10, depth), from), options, watchers);
  EXPECT_EQ(result.stop, Stop::interrupted);
  EXPECT_EQ(seen->first, GetParam().first);
  EXPECT_EQ(seen->last, GetParam().last);
}

// On full observation of a general matrix the flow itself stops within the predicted window.
TEST(RankStop, TheFlowOnFullObservationStopsWherePredicted) {
  const LowRankModel truth = test::random_model(12, 9, Eigen::Vector4d(8, 4, 1, .3), 3);
  const auto problem = full_problem<double>(test::product(truth), {});  // mean: its time is longer by 54
  const TargetEstimate target = target_estimate(problem);
  EXPECT_NEAR(target.curvature, 2.0 / 108, 1e-15);
  EXPECT_NEAR(target.values[2], 1, 1e-12);
  LowRankModel from = test::random_model(12, 9, Vector::Constant(9, 1e-3), 3);
  from.u.leftCols(4) = truth.u, from.v.leftCols(4) = truth.v;
  Matrix unused;
  thin_qr(from.u, unused);
  thin_qr(from.v, unused);
  from.u.leftCols(4) = truth.u, from.v.leftCols(4) = truth.v;  // QR may turn signs
  for (const Index rank : {1, 2, 3}) {
    SCOPED_TRACE(rank);
    const auto seen = std::make_shared<SeenWindow>();
    const std::vector<Watcher> watchers{stop_at_rank(rank, .02, seen)};
    FlowOptions options{.depth = 3};
    options.tolerance = 1e-14;
    options.max_time = 1e6;
    const FlowResult result = follow_flow(problem, test::product(from), options, watchers);
    EXPECT_EQ(result.stop, Stop::interrupted);
    ASSERT_TRUE(seen->left);
    const auto windows = predict_rank_windows(target, {3, 1e-3, 0});
    const RankWindow& window = windows[static_cast<std::size_t>(rank - 1)];
    // It has begun once the value has entered, a while before it has grown to its level.
    EXPECT_LT(seen->begin_time, 1.03 * window.begin_time);
    if (rank > 1) {
      EXPECT_GT(seen->begin_time, .9 * windows[static_cast<std::size_t>(rank - 2)].end_time);
    }
    EXPECT_LT(seen->end_time, 1.03 * window.end_time);
    EXPECT_GT(seen->end_time, .9 * window.end_time);
    EXPECT_THAT(describe(window, *seen), testing::HasSubstr("predicted"));
  }
}

TEST(RankStop, IsAnOptionOfBothMotions) {
  const Matrix w = test::product(test::random_model(30, 25, Eigen::Vector4d(60, 30, 12, 5), 3));
  const auto set = make_observations(30, 25, test::sample(w, 500, 1));
  for (const Motion motion : {Motion::faithful, Motion::fast}) {
    FlowOptions options{.depth = 3, .motion = motion, .strategy = FlowStrategy::greedy};
    options.stop_at_rank = 2;
    options.alpha = 1e-4;
    const FlowResult result = fit_flow(set, EntryList<double>{}, options);
    EXPECT_EQ(result.model.rank(.1), 2) << result.message;
    EXPECT_EQ(result.stop, Stop::converged);
    if (motion == Motion::faithful) {
      EXPECT_THAT(result.message, testing::HasSubstr("singular value 3 has entered; window of rank 2"));
      EXPECT_THAT(result.message, testing::HasSubstr("predicted"));
      EXPECT_THAT(result.message, testing::HasSubstr("seen"));
      const Vector& s = result.model.s;
      EXPECT_LT(s.tail(s.size() - 2).sum(), .1 * (s[0] + s[1]));
    }
  }
}

TEST(RankStop, AWindowBeginsOnceTheRestIsSmall) {
  RankStop stop(1, .1);
  EXPECT_FALSE(stop.left(Eigen::Vector2d(1, 1), 0, 0));  // the start: all values equal
  EXPECT_FALSE(stop.left(Eigen::Vector2d(5, .1), 1, .5));
  EXPECT_FALSE(stop.left(Eigen::Vector2d(9, .8), 2, 1));
  EXPECT_TRUE(stop.left(Eigen::Vector2d(9, 1), 3, 1.5));
  EXPECT_EQ(stop.seen().first, 1);
  EXPECT_EQ(stop.seen().last, 2);
  EXPECT_EQ(stop.seen().end_time, 1);
  RankStop second(2, .1);  // its window begins with the second value, not with the fall to the first
  EXPECT_FALSE(second.left(Eigen::Vector3d(9, .1, .1), 0, 0));
  EXPECT_EQ(second.seen().first, -1);
  EXPECT_FALSE(second.left(Eigen::Vector3d(9, 2, .1), 1, 1));
  EXPECT_EQ(second.seen().first, 1);
  EXPECT_TRUE(second.left(Eigen::Vector3d(9, 4, 2), 2, 2));
  EXPECT_THROW(stop_at_rank(0), OptionError);
}

TEST(RankWindow, BoundsHoldForSpectraWithinTheirLimits) {
  const Eigen::Vector4d lambda(10, 5, 1, .5);
  for (const double e : {0.0, .05}) {
    const auto [low, high] = rank_bounds(lambda, 2, 10, e, .01);
    for (int k = 0; k < 50; ++k) {
      Rng rng(7, k);
      Vector s(10);
      for (Index i = 0; i < 10; ++i) s[i] = i < 2 ? lambda[i] * (1 - e * rng.uniform()) : .01 * rng.uniform();
      const double r = s.sum() / s.maxCoeff();
      EXPECT_GE(r, low - 1e-12);
      EXPECT_LE(r, high + 1e-12);
    }
  }
}

TEST(RankWindow, RefusesTargetsOfWhichNothingGrows) {
  EXPECT_THROW(predict_rank_windows({Vector::Zero(3), 1}, {}), OptionError);
  EXPECT_THROW(count_rank_windows(ten_five_one(), {}, 10), OptionError);  // no step size
}

// What was not measured inflates the singular values of -gradient(0); the estimate takes that back.
TEST(TargetEstimate, TakesTheNoiseOfWhatIsNotMeasuredAway) {
  double raw_error = 0, error = 0;
  const auto compare = [&](const MatrixProblem<double>& problem, const Vector& truth) {
    Matrix g;
    loss_at(problem, Matrix(Matrix::Zero(80, 60)), &g);
    const TargetEstimate target = target_estimate(problem);
    const Vector raw = singular_values(g) / target.curvature;
    raw_error += (raw - truth).head(2).norm();
    error += (target.values - truth).head(2).norm();
    EXPECT_LT(target.values[4], .6 * truth[1]);
  };
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    const Matrix w = test::low_rank_matrix(80, 60, 2, 10 * seed);
    compare(completion_problem<double>(80, 60, test::sample(w, 2000, seed), {}), singular_values(w));
    const Matrix a = test::normal_matrix(1000, 80 * 60, seed);
    const Vector y = a * Eigen::Map<const Vector>(w.data(), w.size());
    compare(dense_sensing_problem<double>(80, 60, a, y, {}), singular_values(w));
  }
  EXPECT_LT(error, .5 * raw_error);
}

TEST(TargetEstimate, HasTheCurvatureOfEachMeasurement) {
  const Matrix w = test::low_rank_matrix(20, 16, 2, 5);
  const auto entries = completion_problem<double>(20, 16, test::sample(w, 160, 1), {Normalization::half_sum});
  EXPECT_DOUBLE_EQ(target_estimate(entries).curvature, .5);
  const Matrix a = test::normal_matrix(50, 320, 2);
  const auto dense = dense_sensing_problem<double>(20, 16, a, Vector::Ones(50), {});
  EXPECT_NEAR(target_estimate(dense).curvature, 2. / 50 * a.squaredNorm() / 320, 1e-12);
  const Matrix l = test::normal_matrix(50, 20, 2), r = test::normal_matrix(50, 16, 2);
  const auto rank_one = rank_one_sensing_problem<double>(l, r, Vector::Ones(50), {Normalization::half_sum});
  double squares = 0;
  for (Index k = 0; k < 50; ++k) squares += (l.row(k).transpose() * r.row(k)).squaredNorm();
  EXPECT_NEAR(target_estimate(rank_one).curvature, squares / 320, 1e-9);
}

}  // namespace
}  // namespace rankflow
