// The overlap engine on arrays whose answer is known: what it finds, how it stops, and that it can be interrupted.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/overlap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <cmath>

#include "base/threads.h"
#include "rankflow/error.h"
#include "rankflow/tensor_parts.h"
#include "support/small_arrays.h"

namespace rankflow {
namespace {

using namespace test_arrays;

std::vector<std::vector<Index>> validation_of(const DenseArray& array) {
  return choose_validation(array, array.observed, find_pattern(array), {.seed = 1});
}

double relative_error(const DenseArray& truth, const std::vector<float>& x, bool unseen) {
  double error = 0, size = 0;
  for (Index c = 0; c < truth.cells(); ++c) {
    if (unseen && truth.observed[c]) continue;
    error += (x[c] - truth.value[c]) * (x[c] - truth.value[c]);
    size += truth.value[c] * truth.value[c];
  }
  return std::sqrt(error / size);
}

TEST(Overlap, RecoversAnArrayOfLowMultilinearRank) {
  const DenseArray array = low_rank({14, 13, 12}, 2, 0, .5, 21);
  const OverlapResult result = fit_overlap({array, array.observed, validation_of(array)}, {});
  EXPECT_LT(relative_error(array, result.values, true), 1e-3);
  EXPECT_EQ(result.stop, Stop::validation);
  for (const OverlapUnfolding& unfolding : result.unfoldings) EXPECT_EQ(unfolding.rank, 2);
}

TEST(Overlap, ReportsTheSpectrumOfTheUnfoldings) {
  const DenseArray array = low_rank({8, 7, 6}, 2, .1, .8, 22);
  const OverlapResult result = fit_overlap({array, array.observed, validation_of(array)}, {.rounds = 0});
  const std::vector<double> x(result.values.begin(), result.values.end());
  for (Index n = 0; n < 3; ++n) {
    const Matrix a = unfold(array.shape, {n}, x);
    const Vector l = Eigen::SelfAdjointEigenSolver<Matrix>(Matrix(a * a.transpose())).eigenvalues().reverse();
    EXPECT_LT((result.unfoldings[n].singular_values - l.cwiseMax(0.0).cwiseSqrt()).norm(), 1e-4 * std::sqrt(l[0]));
  }
}

TEST(Overlap, PredictsFarBelowTheNoiseOnCellsItHasNotSeen) {
  const Shape shape = {20, 18, 16};
  const DenseArray clean = low_rank(shape, 2, 0, .6, 23), noisy = low_rank(shape, 2, .5, .6, 23);
  const OverlapResult result = fit_overlap({noisy, noisy.observed, validation_of(noisy)}, {});
  double error = 0, count = 0;
  for (Index c = 0; c < clean.cells(); ++c) {
    if (noisy.observed[c]) continue;
    error += std::pow(result.values[c] - clean.value[c], 2);
    count += 1;
  }
  // 2 (20 + 18 + 16) free numbers and 3,456 cells with noise .5 leave .5 sqrt(108 / 3456) = .09 at best.
  EXPECT_LT(std::sqrt(error / count), .2);
  EXPECT_NEAR(result.validation_rmse, std::hypot(.5, std::sqrt(error / count)), .03);
}

TEST(Overlap, GivesTheSameBitsForAnyNumberOfThreads) {
  const DenseArray array = low_rank({40, 36, 30}, 3, .3, .5, 24);
  OverlapOptions options{.search_ratio = .4, .final_ratio = .5, .rounds = 0, .full_below = 35, .leading = 12};
  set_num_threads(1);
  const OverlapResult one = fit_overlap({array, array.observed, validation_of(array)}, options);
  set_num_threads(3);
  const OverlapResult three = fit_overlap({array, array.observed, validation_of(array)}, options);
  set_num_threads(0);
  EXPECT_EQ(one.values, three.values);
  EXPECT_EQ(one.part_values, three.part_values);
  EXPECT_EQ(one.validation_rmse, three.validation_rmse);
}

TEST(Overlap, GoesOnFromASavedStateWithTheSameBits) {
  const DenseArray array = low_rank({9, 3, 5, 4}, 2, .2, .7, 25);
  const OverlapProblem problem{array, array.observed, validation_of(array)};
  const OverlapOptions options{.rounds = 0, .full_below = 8, .leading = 3};
  OverlapFit whole(problem, options);
  std::vector<Archive> states;
  for (int k = 0; whole.advance(); ++k)
    if (k % 37 == 0) states.push_back(whole.state());
  states.push_back(whole.state());
  const OverlapResult expected = whole.result();
  ASSERT_GT(states.size(), 4u);
  for (const Archive& state : states) {
    OverlapFit resumed(problem, options);
    resumed.restore(state);
    while (resumed.advance()) continue;
    const OverlapResult result = resumed.result();
    EXPECT_EQ(result.values, expected.values);
    EXPECT_EQ(result.part_values, expected.part_values);
    EXPECT_EQ(result.trials.size(), expected.trials.size());
    EXPECT_EQ(result.eps, expected.eps);
    EXPECT_EQ(result.stop, expected.stop);
  }
}

TEST(Overlap, StopsWhenAnObserverSaysSo) {
  const DenseArray array = low_rank({9, 8, 7}, 2, .2, .7, 26);
  Index seen = 0;
  const Observer stop_at_five = [&](const Step& step) {
    EXPECT_EQ(step.engine, "overlap");
    EXPECT_TRUE(std::isfinite(step.validation_rmse));
    return ++seen == 5 ? Next::finish : Next::proceed;
  };
  const std::vector<Observer> observers = {stop_at_five};
  const OverlapResult result = fit_overlap({array, array.observed, validation_of(array)}, {}, observers);
  EXPECT_EQ(seen, 5);
  EXPECT_EQ(result.stop, Stop::interrupted);
  EXPECT_THAT(result.message, testing::HasSubstr("search 1"));
  EXPECT_EQ(result.values.size(), array.value.size());
}

TEST(Overlap, CutsTheSearchShortAtTheTimeLimitAndStillFits) {
  const DenseArray array = low_rank({9, 8, 7}, 2, .2, .7, 27);
  const OverlapResult result = fit_overlap({array, array.observed, validation_of(array)}, {.max_seconds = 1e-9});
  EXPECT_EQ(result.stop, Stop::time_limit);
  EXPECT_EQ(result.trials.size(), 1u);
  EXPECT_FALSE(result.eps.empty());
  EXPECT_LT(relative_error(array, result.values, false), .8);
}

TEST(Overlap, WithoutValidationWalksTheWholePathWithEqualWeights) {
  const DenseArray array = low_rank({9, 8, 7}, 2, 0, .8, 28);
  const OverlapResult result = fit_overlap({array, array.observed, {}}, {.eps_end = .01});
  EXPECT_EQ(result.stop, Stop::converged);
  EXPECT_TRUE(std::isnan(result.validation_rmse));
  EXPECT_LT(result.eps.back(), .01 / .79);
  EXPECT_LT(relative_error(array, result.values, true), .02);
}

TEST(Overlap, RefusesCellsThatAreNotObserved) {
  DenseArray array = low_rank({4, 3, 2}, 1, 0, 1, 29);
  array.observed[5] = 0;
  CellMask all(24, 1);
  EXPECT_THROW(fit_overlap({array, all, {}}, {}), InputError);
  EXPECT_THROW(fit_overlap({array, array.observed, {{5}}}, {}), InputError);
  EXPECT_THROW(fit_overlap({array, array.observed, {}}, {.eps_end = 1}), OptionError);
}

}  // namespace
}  // namespace rankflow
