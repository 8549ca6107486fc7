// What windows of updates share, whatever the model.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "rankflow/error.h"
#include "rankflow/tensor_problem.h"

namespace rankflow::tensor_descent {

inline constexpr Index kFewest = 4;       // columns that a pass of active components has at least
inline constexpr double kStay = .5;       // an active component stays so until it changes by less than this share
inline constexpr double kMostGrowth = 4;  // of a squared norm from one window to the next that is believed

// What a component's norm is compared with: the observed tensor's, were its other cells alike. Predictions of the other
// losses are logarithms, numbers of size one.
template <class T>
double tensor_size(const TensorProblem<T>& problem) {
  double cells = 1, squares = 0;
  for (const Index size : problem.shape) cells *= static_cast<double>(size);
  for (const T y : problem.value) squares += static_cast<double>(y) * static_cast<double>(y);
  const bool logarithms =
      problem.loss.penalty == TensorPenalty::logistic || problem.loss.penalty == TensorPenalty::poisson;
  return std::sqrt(cells * (logarithms ? 1.0 : squares / static_cast<double>(problem.count())));
}

template <class T, class Options>
void check_windows(const TensorProblem<T>& problem, const Options& windows) {
  if (windows.updates < 1) throw OptionError(fmt::format("updates = {}: must be >= 1", windows.updates));
  if (!(windows.change > 0)) throw OptionError(fmt::format("change = {}: must be > 0", windows.change));
  if (!(windows.largest >= 0)) throw OptionError(fmt::format("largest = {}: must be >= 0", windows.largest));
  if (problem.measurement != TensorMeasurement::entries || problem.order() < 2)
    throw OptionError("windows: only observed entries of two modes or more have them", "leave the windows out");
}

}  // namespace rankflow::tensor_descent
