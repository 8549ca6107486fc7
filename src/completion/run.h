// One run of complete(): what every phase of it needs, and the fits it is made of.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "completion/checkpoint.h"
#include "rankflow/complete.h"

namespace rankflow::completion {

/// Thrown by a fit that an observer ended; its state is in the checkpoint by then.
struct Interrupted {};

struct Run {
  const Table& table;
  const CompleteOptions& options;
  std::span<const Observer> observers;
  Checkpoint checkpoint;
  std::vector<Part> parts{};               // one per observation
  ColumnScaling scaling{};                 // empty: engines see the values themselves
  std::pair<double, double> range{1, -1};  // clipping, in the values' units
  std::vector<Step> history{};
  bool time_was_up = false;             // of any fit
  std::vector<std::string> cut_fits{};  // by the flow's limit on iterations
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();

  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); }
  /// A share of the time that is left; 0 = no limit.
  double allowance(double share) const;
};

/// What a fit by either engine leaves behind.
struct Fit {
  std::string engine;
  LowRankModel model;
  PosteriorSpread spread;
  double train_rmse = kNaN, validation_rmse = kNaN;  // in the engine's units, predictions clipped
  Index iterations = 0;
  Stop stop = Stop::not_run;
  std::string message;
  FlowPath path;                          // flow; gd: steps, the updates that were best on the validation part
  bool solved = false;                    // flow
  Centering centering = Centering::none;  // all but posterior
  std::optional<ConvexProof> proof;       // nuclear, soft-impute
  Index observations = 0;                 // soft-impute: how many its penalty belongs to
};

using Parts = std::initializer_list<Part>;

/// Fits the flow to the parts in `take`. With `validate` the validation part chooses path and moment; `repeat` repeats
/// the path of an earlier fit, wherever it leads.
Fit run_flow(Run& run, const std::string& name, Parts take, bool validate, const FlowOptions& options,
             const Fit* repeat = nullptr);
/// Samples the posterior given the parts in `take`. `start` may be null.
Fit run_posterior(Run& run, const std::string& name, Parts take, bool validate, const PosteriorOptions& options,
                  const LowRankModel* start);

/// The refit, or the first fit with a word in its message if the refit has lost its way.
Fit checked_refit(Fit refit, const Fit& first);

/// Typical noise of an observation of mean weight, in the engine's units.
double noise_level(const PosteriorSpread& spread);

/// Throws OptionError where engine gd cannot run: options that do not fit it, or a table too large for dense factors.
void check_gd(const Table& table, const CompleteOptions& options);
/// Gradient descent on dense factors. With `validate` the validation part chooses the moment; `repeat` makes as many
/// updates on more data.
Fit run_gd(Run& run, const std::string& name, Parts take, bool validate, Centering centering, double max_seconds,
           const Fit* repeat = nullptr);

/// The engines nuclear and soft-impute: their best attempt on the validation part (over centerings and, for nuclear,
/// tolerances), which is noted in `candidates`; and the same again on the parts in `take`.
bool is_convex(const std::string& engine);
Fit validated_convex(Run& run, std::vector<Candidate>& candidates);
Fit convex_again(Run& run, const std::string& name, Parts take, const Fit& chosen, double share);

/// Weighted mean and standard deviation of the values that may be seen (what is not held out), in the values' units.
struct Seen {
  double mean = 0, spread = 0;
};
Seen seen_values(const Run& run);

/// Limits that struck this fit are told at the end whatever is made of the fit.
Fit noted_limits(Run& run, const std::string& name, Fit fit);

/// The model as it is kept and predicted from, without its calibration.
CompletionModel to_completion_model(const Run& run, const Fit& fit);
/// Root mean square error on a part, in the engine's units, predictions clipped.
double part_rmse(const Run& run, const Fit& fit, Part part);

}  // namespace rankflow::completion
