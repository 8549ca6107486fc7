// The overlap of unfoldings as one of the models of an array.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "completion/array/fit_steps.h"

namespace rankflow::completion {
namespace {

constexpr double kShare = 0.35;  // of the time that is left, with the refit in mind
// Error that the search may still come down to, as a share of the best so far: after every unfolding was favoured once
// (errors of a third were seen on sums of outer products), and after a round over all single changes.
constexpr double kAfterStarts = 0.3, kAfterRound = 0.85;

double best_trial(const OverlapFit& engine) {
  double best = HUGE_VAL;
  for (const OverlapTrial& trial : engine.trials()) best = std::min(best, trial.rmse);
  return best;
}

bool hopeless(const OverlapFit& engine, double to_beat) {
  const std::vector<OverlapTrial>& trials = engine.trials();
  if (trials.empty()) return false;
  const std::size_t starts = trials.front().setting.weight.size() + 1, changes = 2 * starts;
  if (trials.size() < starts) return false;
  return (trials.size() < starts + changes ? kAfterStarts : kAfterRound) * best_trial(engine) > to_beat;
}

// `stage`: what its steps are called; empty = the engine's own words.
OverlapResult follow(ArrayRun& run, OverlapFit& engine, const std::string& fit, const std::string& stage = "",
                     double to_beat = kNaN) {
  if (take_up(run, fit, engine)) return engine.result();
  while (engine.advance()) {
    if (hopeless(engine, to_beat)) engine.finish(Stop::validation);
    const bool go_on = run.record(engine.step(), stage.empty() ? engine.step().stage : stage);
    if (!go_on || run.checkpoint.due()) run.checkpoint.save_progress(fit, engine.state(), run.history);
    if (go_on) continue;
    engine.finish(Stop::interrupted);
    break;
  }
  return finished(run, fit, engine.state(), engine.result());
}

std::vector<float> filled(const ArrayRun& run, const std::vector<Index>& without, std::vector<float> values) {
  fill_empty_rows(seen_indices(run.tensor, numbers_without(run.tensor, without)), values);
  return values;
}

OverlapOptions overlap_options(const ArrayRun& run) {
  OverlapOptions options = run.options.overlap;
  options.seed = run.options.seed;
  if (run.options.time_limit > 0) options.max_seconds = run.allowance(kShare);
  return options;
}

}  // namespace

ArrayFit validated_overlap(ArrayRun& run, double to_beat) {
  ArrayFit fit;
  fit.model = fit.engine = "overlap";
  const DenseParts parts = dense_parts(run, false);
  const OverlapProblem problem{run.dense->array, parts.train, parts.validation};
  OverlapFit engine(problem, overlap_options(run));
  OverlapResult result = follow(run, engine, "overlap", "", to_beat);
  if (run.interrupted) return fit;
  if (hopeless(engine, to_beat)) {
    fit.validation_rmse = best_trial(engine);
    fit.stop = Stop::validation;
    fit.message = "ended early: it would not come below the error of another model";
    return fit;
  }
  fit.validation_rmse = result.validation_rmse;
  take(result, fit);
  fit.predictor = dense_predictor(
      run.tensor.shape(), filled(run, run.split.held_out, result.values),
      calibrate_intervals(run.dense->array, parts.train, result.values, parts.validation, result.part_values));
  fit.overlap = std::move(result);
  return fit;
}

ArrayFit overlap_again(ArrayRun& run, const ArrayFit& chosen) {
  ArrayFit fit;
  fit.model = fit.engine = "overlap";
  const DenseParts parts = dense_parts(run, true);
  const OverlapProblem problem{run.dense->array, parts.train, {}};
  OverlapFit engine(problem, *chosen.overlap, overlap_options(run));
  fit.overlap = follow(run, engine, "refit overlap", "refit on all observations");
  take(*fit.overlap, fit);
  fit.predictor =
      recentred(dense_predictor(run.tensor.shape(), filled(run, {}, fit.overlap->values), {}), chosen.predictor);
  return fit;
}

}  // namespace rankflow::completion
