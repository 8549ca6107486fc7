// Differences that are chance, and differences that are not.
// SPDX-License-Identifier: Apache-2.0
#include "problem/chance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "rankflow/rng.h"

namespace rankflow {
namespace {

std::vector<double> normal(std::size_t count, double mean, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> values(count);
  for (double& value : values) value = mean + rng.normal();
  return values;
}

TEST(Chance, MeansAreJudgedByTheirStandardError) {
  int by_chance = 0, clear = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    by_chance += beyond_chance(normal(40, 0, seed), 3) ? 1 : 0;
    clear += beyond_chance(normal(40, 1, seed), 3) ? 1 : 0;
  }
  EXPECT_LE(by_chance, 6);  // t with 39 degrees of freedom lies above 3 in 2.4 of 1000
  EXPECT_GE(clear, 990);
}

TEST(Chance, NothingIsSaidOfEqualGainsOrOfOne) {
  EXPECT_FALSE(beyond_chance(std::vector<double>(50, .0025), 3));
  EXPECT_FALSE(beyond_chance(std::vector<double>{1}, 3));
  EXPECT_FALSE(mostly_positive(std::vector<double>{1}, 3));
  EXPECT_FALSE(beyond_chance({}, 3));
}

TEST(Chance, SignsAreCountedAgainstACoin) {
  std::vector<double> gains(100, 1);
  for (std::size_t k = 0; k < 35; ++k) gains[k] = -100;
  EXPECT_FALSE(mostly_positive(gains, 3));  // 65 heads are exactly three standard errors
  gains[0] = 1;
  EXPECT_TRUE(mostly_positive(gains, 3));
  EXPECT_FALSE(mostly_positive(std::vector<double>(100, 0.0), 3));
}

// Rare ones among zeros: whatever says nearly 0 is nearer than the mean nineteen times of twenty.
TEST(Chance, SkewedNoiseIsNotPredictedByItsMedian) {
  std::vector<double> y(400, 0), x(400, .01);
  for (std::size_t k = 0; k < y.size(); k += 20) y[k] = 1;
  EXPECT_FALSE(nearer_than_constants(x, y, {}, .05, 0, 3));
  for (std::size_t k = 0; k < y.size(); k += 20) x[k] = .9;
  EXPECT_TRUE(nearer_than_constants(x, y, {}, .05, 0, 3));
}

TEST(Chance, EqualValuesDecideNothing) {
  const std::vector<double> y(30, 0.0);
  EXPECT_FALSE(nearer_than_constants(std::vector<double>(30, .001), y, {}, .05, 0, 3));
}

TEST(Chance, MedianIsTheLowerOne) {
  EXPECT_EQ(median_of(std::vector<double>{3, 1, 2, 10}), 2);
  EXPECT_EQ(median_of(std::vector<double>{3, 1, 2}), 2);
  EXPECT_TRUE(std::isnan(median_of({})));
}

}  // namespace
}  // namespace rankflow
