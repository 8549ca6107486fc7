// The posterior engine: the mean over all factorizations that explain noisy observations, by Gibbs sampling.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>

#include "rankflow/archive.h"
#include "rankflow/fit.h"
#include "rankflow/low_rank_model.h"
#include "rankflow/observations.h"
#include "rankflow/options.h"

namespace rankflow {

/// Nothing here needs to be chosen; the defaults fit the data (docs/posterior.md).
struct PosteriorOptions {
  Index width = 0;         // columns of the factors beside the biases; 0 = from the data
  Index features = -1;     // leading singular vectors of the mask used as features; -1 = from the data, 0 = none
  Index sweeps = 0;        // sweeps averaged over; 0 = from the data
  Index burn_in = 0;       // sweeps before them; 0 = from the data
  double effort = 1;       // factor on the number of sweeps taken from the data
  bool line_noise = true;  // a noise level of its own for each row and column
  Index keep = 0;          // rank of the mean that is kept; 0 = what loses nothing on the validation part
  double max_seconds = 0;  // 0 = no limit
  std::uint64_t seed = 0;
};
std::vector<OptionField> fields(PosteriorOptions& options);

/// What the samples say beside their mean, in the units of the values.
struct PosteriorSpread {
  /// Variance of the prediction at (i, j) is row_spread_i + column_spread_j; that of the noise of an observation of
  /// weight w is row_noise_i * column_noise_j / w. The mean weight is 1.
  Vector row_spread, column_spread, row_noise, column_noise;
  double variance(Index i, Index j, double weight = 1) const {
    return row_spread[i] + column_spread[j] + row_noise[i] * column_noise[j] / weight;
  }
};

struct PosteriorResult {
  LowRankModel model;  // best approximation of the mean, of rank `kept`
  PosteriorSpread spread;
  Index kept = 0;
  Index width = 0, features = 0;
  Stop stop = Stop::not_run;
  std::string message = "fit_posterior() was not called";
  Index sweeps = 0;               // sweeps averaged over
  double train_rmse = kNaN;       // of the kept model
  double validation_rmse = kNaN;  // of the kept model; NaN without a validation part
  double seconds = 0;
};

/// Everything a later call needs to go on where an earlier one stopped.
struct PosteriorCheckpoint {
  const Archive* resume_from = nullptr;      // null = from the start
  std::function<void(const Archive&)> save;  // called when `due` says so, between sweeps, and on interruption
  std::function<bool()> due;                 // empty = never but on interruption
};

/// Draws from the posterior of
///   y_ij = mean + a_i + b_j + u_i . v_j + noise of precision alpha tau_i kappa_j,
/// rows (a_i, u_i) normal with mean B^T f_i and precision Lambda, columns likewise, f = mask features; Normal-Wishart
/// and gamma priors (docs/posterior.md). `range` clips predictions when validating: {low, high}, or low > high for
/// none. The bits depend on data, options and seed only, not on the number of threads.
template <class T>
PosteriorResult fit_posterior(const Observations<T>& train, const EntryList<T>& validation,
                              const PosteriorOptions& options, std::pair<double, double> range,
                              const LowRankModel* start, std::span<const Observer> observers,
                              const PosteriorCheckpoint& checkpoint = {});

}  // namespace rankflow
