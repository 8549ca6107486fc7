// One step of Dormand and Prince's Runge-Kutta pair of order 5(4) with step-size control, for any kind of state.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

namespace rankflow::flow {

// Dormand and Prince 1980; the autonomous form needs no nodes.
inline constexpr int kStages = 7;
inline constexpr double kTableau[kStages][kStages - 1] = {
    {},
    {1.0 / 5},
    {3.0 / 40, 9.0 / 40},
    {44.0 / 45, -56.0 / 15, 32.0 / 9},
    {19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729},
    {9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656},
    {35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84},
};
inline constexpr double kErrorWeights[kStages] = {71.0 / 57600,      0,          -71.0 / 16695, 71.0 / 1920,
                                                  -17253.0 / 339200, 22.0 / 525, -1.0 / 40};

/// State has add(c, x): += c x, and scale(c).
template <class State>
struct RungeKuttaStep {
  std::array<State, kStages> rates;  // the last one is the rate at `next`: the first one of the step after
  State next;

  /// Difference of the two orders at the end of a step of size h.
  State error(double h) const {
    State e = rates[0];
    e.scale(h * kErrorWeights[0]);
    for (int stage = 1; stage < kStages; ++stage)
      if (kErrorWeights[stage] != 0) e.add(h * kErrorWeights[stage], rates[stage]);
    return e;
  }
};

/// `first`: the rate at `from`.
template <class State, class Rate>
RungeKuttaStep<State> runge_kutta_step(const State& from, State first, double h, Rate&& rate) {
  RungeKuttaStep<State> step;
  step.rates[0] = std::move(first);
  for (int stage = 1; stage < kStages; ++stage) {
    step.next = from;
    for (int j = 0; j < stage; ++j)
      if (kTableau[stage][j] != 0) step.next.add(h * kTableau[stage][j], step.rates[j]);
    step.rates[stage] = rate(step.next);
  }
  return step;
}

/// By which factor the step size changes after an error of `error` times the allowed one.
inline double step_factor(double error) {
  constexpr double kSafety = .9, kMostGrowth = 4, kLeastGrowth = .2;
  if (!std::isfinite(error)) return kLeastGrowth;
  return std::clamp(kSafety * std::pow(std::max(error, 1e-10), -.2), kLeastGrowth, kMostGrowth);
}

}  // namespace rankflow::flow
