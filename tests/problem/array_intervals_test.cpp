// Intervals around a completed array cover what they promise.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/array_intervals.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "rankflow/rng.h"

namespace rankflow {
namespace {

struct Trial {
  double covered = 0, width = 0, exponent = 0;
  bool grows = false;
};

// Predictions are right but for noise whose size depends on the cell; 60 % train, a tenth of them calibrate, the rest
// is new.
Trial trial(const std::function<double(Index i, Index j, Index k)>& mean,
            const std::function<double(Index i, Index j, Index k, double mean)>& noise, double probability) {
  DenseArray array;
  array.shape = {30, 20, 20};
  std::vector<float> x;
  std::vector<Index> calibration, fresh;
  Rng rng(11);
  for (Index i = 0; i < 30; ++i)
    for (Index j = 0; j < 20; ++j)
      for (Index k = 0; k < 20; ++k) {
        const auto cell = static_cast<Index>(x.size());
        const double m = mean(i, j, k);
        x.push_back(static_cast<float>(m));
        array.value.push_back(m + noise(i, j, k, m) * rng.normal());
        const bool seen = rng.uniform() < .6;
        array.observed.push_back(seen);
        if (!seen) fresh.push_back(cell);
        if (seen && rng.uniform() < .1) calibration.push_back(cell);
      }
  const ArrayIntervals intervals = calibrate_intervals(array, array.observed, x, {calibration}, {x});
  Trial result;
  for (const Index cell : fresh) {
    const Interval at = intervals.at(cell, static_cast<double>(x[cell]), probability);
    result.covered += at.low <= array.value[cell] && array.value[cell] <= at.high;
    result.width += at.high - at.low;
  }
  result.covered /= static_cast<double>(fresh.size());
  result.width /= static_cast<double>(fresh.size());
  result.exponent = intervals.exponent;
  result.grows = intervals.grows_with_prediction;
  return result;
}

// About 720 calibration cells: two standard deviations of their quantile's level are .022 at 90 %, .037 at 50 %.
constexpr double kCoverage = .03, kCoverageAtHalf = .045;

TEST(ArrayIntervals, CoverAsPromisedWhereNoiseIsTheSameEverywhere) {
  const auto mean = [](Index, Index, Index) { return 0.0; };
  const auto noise = [](Index, Index, Index, double) { return 1.0; };
  EXPECT_NEAR(trial(mean, noise, .9).covered, .9, kCoverage);
  EXPECT_NEAR(trial(mean, noise, .5).covered, .5, kCoverageAtHalf);
  EXPECT_NEAR(trial(mean, noise, .9).width, 2 * 1.645, .2);
}

TEST(ArrayIntervals, AreNarrowWhereFibresAreQuiet) {
  const auto mean = [](Index, Index, Index) { return -1.0; };
  const auto noise = [](Index, Index j, Index k, double) { return (j + k) % 2 == 0 ? .2 : 2.0; };
  const Trial result = trial(mean, noise, .9);
  EXPECT_NEAR(result.covered, .9, kCoverage);
  EXPECT_GT(result.exponent, 0);
  // One width for all would be 2 * 2.56: the 90 % quantile of the mixture.
  EXPECT_LT(result.width, .85 * 2 * 2.56);
}

TEST(ArrayIntervals, GrowWithCounts) {
  const auto mean = [](Index i, Index j, Index k) { return (i * 7 + j * 3 + k * 11) % 13 == 0 ? 5000.0 : 50.0; };
  const auto noise = [](Index, Index, Index, double m) { return std::sqrt(m); };
  const Trial result = trial(mean, noise, .9);
  EXPECT_TRUE(result.grows);
  EXPECT_NEAR(result.covered, .9, kCoverage);
}

TEST(ArrayIntervals, AreInfiniteWhereTooFewCellsCalibrate) {
  DenseArray array;
  array.shape = {2, 3};
  array.value = {1, 2, 3, 4, 5, 6};
  array.observed.assign(6, 1);
  const std::vector<float> x = {1, 2, 3, 4, 5, 7};
  const ArrayIntervals intervals = calibrate_intervals(array, array.observed, x, {{4, 5}}, {x});
  EXPECT_TRUE(std::isinf(intervals.at(0, 1, .9).high));
  EXPECT_TRUE(std::isfinite(intervals.at(0, 1, .5).high));
}

}  // namespace
}  // namespace rankflow
