// The overlap of unfoldings as one of the models of an array.
// SPDX-License-Identifier: Apache-2.0
#include "completion/array/fit_steps.h"

namespace rankflow::completion {
namespace {

constexpr double kShare = 0.35;  // of the time that is left, with the refit in mind

// `stage`: what its steps are called; empty = the engine's own words.
OverlapResult follow(ArrayRun& run, OverlapFit& engine, const std::string& fit, const std::string& stage = "") {
  if (take_up(run, fit, engine)) return engine.result();
  while (engine.advance()) {
    const bool go_on = run.record(engine.step(), stage.empty() ? engine.step().stage : stage);
    if (!go_on || run.checkpoint.due()) run.checkpoint.save_progress(fit, engine.state(), run.history);
    if (go_on) continue;
    engine.finish(Stop::interrupted);
    break;
  }
  return finished(run, fit, engine.state(), engine.result());
}

OverlapOptions overlap_options(const ArrayRun& run) {
  OverlapOptions options = run.options.overlap;
  options.seed = run.options.seed;
  if (run.options.time_limit > 0) options.max_seconds = run.allowance(kShare);
  return options;
}

}  // namespace

ArrayFit validated_overlap(ArrayRun& run) {
  ArrayFit fit;
  fit.model = fit.engine = "overlap";
  const DenseParts parts = dense_parts(run, false);
  const OverlapProblem problem{run.dense->array, parts.train, parts.validation};
  OverlapFit engine(problem, overlap_options(run));
  OverlapResult result = follow(run, engine, "overlap");
  if (run.interrupted) return fit;
  fit.validation_rmse = result.validation_rmse;
  take(result, fit);
  fit.predictor = dense_predictor(
      run.tensor.shape(), result.values,
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
  fit.predictor = recentred(dense_predictor(run.tensor.shape(), fit.overlap->values, {}), chosen.predictor);
  return fit;
}

}  // namespace rankflow::completion
