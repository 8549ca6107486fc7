// Random numbers: keyed, portable, and of the distribution they claim.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/rng.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace rankflow {
namespace {

TEST(Rng, GivesTheSameNumbersForTheSameKeyAndOthersForAnother) {
  Rng a(7, 1, 2, 3), b(7, 1, 2, 3), c(7, 1, 2, 4), d(8, 1, 2, 3);
  for (int i = 0; i < 100; ++i) {
    const auto x = a.bits();
    EXPECT_EQ(x, b.bits());
    EXPECT_NE(x, c.bits());
    EXPECT_NE(x, d.bits());
  }
}

TEST(Rng, HasTheMomentsOfTheNormalDistribution) {
  constexpr int kDraws = 200'000;
  double sum = 0, squares = 0, fourth = 0;
  for (int i = 0; i < kDraws; ++i) {  // neighbouring keys, as rows of a factor are keyed
    const double x = Rng(1, 2, i).normal();
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
  }
  constexpr double kFiveSigma = 5.0;
  EXPECT_NEAR(sum / kDraws, 0, kFiveSigma / std::sqrt(kDraws));
  EXPECT_NEAR(squares / kDraws, 1, kFiveSigma * std::sqrt(2.0 / kDraws));
  EXPECT_NEAR(fourth / kDraws, 3, kFiveSigma * std::sqrt(96.0 / kDraws));
}

TEST(Rng, HasTheMeanAndVarianceOfTheGammaDistribution) {
  for (const double shape : {0.3, 1.0, 4.5, 80.0}) {
    constexpr int kDraws = 100'000;
    Rng rng(3, 4);
    double sum = 0, squares = 0;
    for (int i = 0; i < kDraws; ++i) {
      const double x = rng.gamma(shape);
      sum += x;
      squares += x * x;
    }
    const double mean = sum / kDraws, variance = squares / kDraws - mean * mean;
    EXPECT_NEAR(mean, shape, 5 * std::sqrt(shape / kDraws));
    EXPECT_NEAR(variance / shape, 1, 0.05 * std::max(1.0, 1 / std::sqrt(shape)));
  }
}

}  // namespace
}  // namespace rankflow
