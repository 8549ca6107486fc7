// The scalar law against closed forms, against an integrator written down here, and the published step counts.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/scalar_law.h"

#include <gtest/gtest.h>

#include <cmath>

#include "rankflow/error.h"

namespace rankflow {
namespace {

TEST(ScalarLaw, QuadratureAgreesWithTheClosedForms) {
  for (const double depth : {2.0, 3.0, 4.0})
    for (const double lambda : {10.0, 1.0, .5})
      for (const double a : {.2, .01})
        for (const double share : {.1, .5, .9, .999999}) {
          const double mu = std::pow(share * lambda, 1 / depth);
          const double closed = layer_time(depth, lambda, a, mu);
          EXPECT_NEAR(scalar_time(depth, lambda, std::pow(a, depth), std::pow(mu, depth)), closed, 2e-11 * closed)
              << "depth " << depth << " lambda " << lambda << " a " << a << " share " << share;
        }
}

// Steps of gradient descent until x^N >= share * lambda for shares .1, .5, .9, and the flow's time over the step size
// (to its last printed digit): table for lambda = 10, 5, 1, .5.
struct Row {
  double depth, a, step;
  int steps[4][3];
  double times[4][3];
};
const Row kRows[] = {
    {2,
     .01,
     1e-2,
     {{49, 60, 71}, {89, 111, 132}, {353, 463, 572}, {634, 854, 1073}},
     {{46.6, 57.6, 68.6}, {86.2, 108.2, 130.2}, {350.7, 460.5, 570.4}, {632.0, 851.7, 1071.4}}},
    {3,
     .1,
     5e-3,
     {{184, 195, 202}, {355, 383, 401}, {1593, 1831, 1994}, {2969, 3569, 3981}},
     {{181.0, 192.1, 199.7}, {352.2, 380.1, 399.2}, {1590.6, 1828.9, 1992.5}, {2966.8, 3567.5, 3979.5}}},
    {4,
     .2,
     2e-3,
     {{605, 624, 634}, {1189, 1241, 1269}, {5533, 6109, 6433}, {10457, 12085, 13002}},
     {{602.5, 620.7, 630.9}, {1186.2, 1237.7, 1266.7}, {5531.3, 6106.8, 6431.1}, {10455.4, 12083.2, 13000.4}}},
};
const double kLambda[] = {10, 5, 1, .5}, kShare[] = {.1, .5, .9};

TEST(ScalarLaw, StepCountsOfTheTableAreExact) {
  for (const Row& row : kRows)
    for (int i = 0; i < 4; ++i)
      for (int k = 0; k < 3; ++k) {
        const LayerRecursion recursion{row.depth, row.step};
        EXPECT_EQ(recursion.steps_to(row.a, kLambda[i], kShare[k]), row.steps[i][k]);
        const double time = layer_time(row.depth, kLambda[i], row.a, std::pow(kShare[k] * kLambda[i], 1 / row.depth));
        EXPECT_NEAR(time / row.step, row.times[i][k], .0501);
      }
}

TEST(ScalarLaw, TheLagDoesNotDependOnTheStepSize) {
  for (const double step : {5e-3, 5e-4}) {
    const Index steps = LayerRecursion{3, step}.steps_to(.1, 5, .5);
    const double lag = static_cast<double>(steps) - layer_time(3, 5, .1, std::cbrt(2.5)) / step;
    EXPECT_GT(lag, 2);
    EXPECT_LT(lag, 4);
  }
}

TEST(ScalarLaw, ValuesInvertTimes) {
  for (const double depth : {2.0, 2.5, 3.0, 5.0})
    for (const double lambda : {3.0, -2.0, 0.0})
      for (const double start : {.01, 1.0, 7.0}) {
        const double time = .4, end = scalar_value(depth, lambda, start, time);
        // Classical Runge-Kutta steps of ds/dt = N s^(2-2/N) (lambda - s).
        const auto rate = [&](double s) { return depth * std::pow(s, 2 - 2 / depth) * (lambda - s); };
        double s = start;
        const int n = 40000;
        for (int k = 0; k < n; ++k) {
          const double h = time / n, k1 = rate(s), k2 = rate(s + h / 2 * k1), k3 = rate(s + h / 2 * k2),
                       k4 = rate(s + h * k3);
          s += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
        }
        EXPECT_NEAR(end, s, 1e-9 * s) << "depth " << depth << " lambda " << lambda << " from " << start;
      }
  EXPECT_EQ(scalar_value(3, 2, 2, 5), 2);
  EXPECT_TRUE(std::isinf(scalar_time(3, 2, 1, 3)));
  EXPECT_TRUE(std::isinf(scalar_time(3, -1, 1, 2)));
}

TEST(ScalarLaw, SmallStartsFollowTheirAsymptotics) {
  EXPECT_NEAR(layer_time(2, 3, 1e-8, std::sqrt(1.5)) / small_start_time(2, 3, 1e-8), 1, 1e-12);
  EXPECT_NEAR(layer_time(3, 3, 1e-6, std::cbrt(1.5)) / small_start_time(3, 3, 1e-6), 1, 1e-5);
  EXPECT_NEAR(layer_time(4, 3, 1e-4, std::pow(1.5, .25)) / small_start_time(4, 3, 1e-4), 1, 1e-6);
  EXPECT_THROW(layer_time(2, -1, .1, .2), OptionError);
}

// A share of the limit below one: no overshoot; between one and two: attracted; above: not.
TEST(ScalarLaw, StepSizeLimits) {
  for (const double depth : {2.0, 3.0, 5.0}) {
    const double lambda = 4, limit = std::pow(lambda, 1 / depth);
    const auto distance = [&](double step, double from) {
      const LayerRecursion recursion{depth, step};
      double x = from, highest = x;
      for (int k = 0; k < 20000; ++k) highest = std::max(highest, x = recursion.next(x, lambda));
      return std::pair{std::abs(x - limit), highest - limit};
    };
    EXPECT_LE(distance(.99 * monotone_step_limit(depth, lambda), .1).second, 1e-12);
    EXPECT_LT(distance(.95 * stable_step_limit(depth, lambda), limit * .999).first, 1e-9);
    EXPECT_GT(distance(1.05 * stable_step_limit(depth, lambda), limit * .999).first, 1e-3);
  }
}

}  // namespace
}  // namespace rankflow
