// Growing factorizations of tensors: what their engines share. Components enter one by one until the data are matched,
// so that the rank is found and not given.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "rankflow/fit.h"
#include "rankflow/options.h"
#include "rankflow/types.h"

namespace rankflow {

/// What a fit has shown about the unknown tensor.
enum class GrowVerdict {
  solved,          // matched by a factorization that the observations determine, with clearly fewer degrees of freedom
  predicts,        // not matched, but cells that were not fitted are predicted clearly better than by the means
  not_determined,  // neither
};
const char* name(GrowVerdict verdict);

enum class GrowStrategy {
  automatic,  // exact; unless that solves the problem also noisy
  exact,      // attempts to match the observations to round-off
  noisy,      // components and ridge penalties are chosen by a validation part
};

struct GrowOptions {
  GrowStrategy strategy = GrowStrategy::automatic;
  double tolerance = 1e-7;
  Index attempts = 20;
  Index max_components = 0;
  Index max_iterations = 100'000;
  double max_seconds = 0;
  std::uint64_t seed = 0;
};
/// Name, meaning and range of every option above. The references go into `options`, which must outlive the fields.
std::vector<OptionField> fields(GrowOptions& options);
/// Throws OptionError for values outside their ranges.
void check(const GrowOptions& options);

/// One step of an engine: a component that entered, or one that was tried without.
struct GrowStep {
  std::string stage;                // "grow", "prune", "grow with noise", "eliminate", "refit"
  Index attempt = 0;                // from 1
  Index iteration = 0;              // steps of Levenberg and Marquardt so far
  double seconds = 0;               // since the engine's start
  double loss = kNaN;               // on the training part, as the problem's loss is normalized
  double relative_residual = kNaN;  // sqrt(sum w e^2 / sum w y^2) there
  double validation_rmse = kNaN;
  double ridge = kNaN;  // lambda, in units of the scaled problem: see GrowReport
  Index components = 0;
  std::vector<double> component_norms;  // descending
};
/// Called after every step; what it returns decides whether the engine goes on.
using GrowWatcher = std::function<Next(const GrowStep&)>;

/// Everything about a fit except its model.
struct GrowReport {
  GrowVerdict verdict = GrowVerdict::not_determined;
  Stop stop = Stop::not_run;
  std::string message = "the fit has not run";
  Index iterations = 0;                              // steps of Levenberg and Marquardt
  Index attempts = 0;                                // that the exact strategy made
  GrowStrategy strategy = GrowStrategy::exact;       // the one whose model was taken; never automatic
  double relative_residual = kNaN;                   // sqrt(sum w e^2 / sum w y^2) over what was fitted last
  double train_rmse = kNaN, validation_rmse = kNaN;  // weighted root mean squares, in the units of the observations
  double baseline_rmse = kNaN;                       // validation error of the best constant: the training mean or 0
  /// Objective: 1/2 sum w e^2 + lambda/2 sum of squared weights, after observations and weights were scaled to mean
  /// square 1.
  double ridge = 0;
  /// How much more the tensor can move on a typical cell than on an observed one (root mean squares), to first order;
  /// NaN if it was not asked.
  double amplification = kNaN;
  double seconds = 0;
  bool solved() const { return verdict == GrowVerdict::solved; }
};

}  // namespace rankflow
