// The posterior engine as one fit of a completion.
// SPDX-License-Identifier: Apache-2.0
#include "completion/fit_archive.h"
#include "completion/run.h"

namespace rankflow::completion {
namespace {

// The engine sees (value - center) / scale, computed in double before anything is rounded to T: values far from zero
// keep their digits, and values of any size their range. Standardized columns are in such a unit already.
struct Unit {
  double center = 0, scale = 1;
};

Unit unit_of(const Run& run) {
  if (run.scaling.scale.size() > 0) return {};
  const Seen seen = seen_values(run);
  return {seen.mean, seen.spread > 0 ? seen.spread : 1};
}

ColumnScaling in_unit(const Run& run, const Unit& unit) {
  if (run.scaling.scale.size() > 0) return run.scaling;
  const Index n = run.table.num_columns();
  return {Vector::Constant(n, unit.center), Vector::Constant(n, unit.scale)};
}

LowRankModel into(LowRankModel model, const Unit& unit) {
  model.mean = (model.mean - unit.center) / unit.scale;
  model.row_bias /= unit.scale;
  model.column_bias /= unit.scale;
  model.s /= unit.scale;
  return model;
}

LowRankModel out_of(LowRankModel model, const Unit& unit) {
  model.mean = model.mean * unit.scale + unit.center;
  model.row_bias *= unit.scale;
  model.column_bias *= unit.scale;
  model.s *= unit.scale;
  return model;
}

template <class T>
Fit fit(Run& run, const std::string& name, Parts take, bool validate, const PosteriorOptions& options,
        const LowRankModel* start) {
  const Unit unit = unit_of(run);
  const ColumnScaling scaling = in_unit(run, unit);
  const Observations<T> train = select<T>(run.table, run.parts, take, scaling);
  EntryList<T> validation;
  if (validate) validation = select_list<T>(run.table, run.parts, Part::validation, scaling);
  const LowRankModel scaled_start = start ? into(*start, unit) : LowRankModel{};

  const Observer observe = [&](const Step& step) {
    Step& named = run.history.emplace_back(step);
    named.stage = name;
    named.train_rmse *= unit.scale;
    named.validation_rmse *= unit.scale;
    bool go_on = true;
    for (const Observer& observer : run.observers) go_on = observer(named) == Next::proceed && go_on;
    return go_on ? Next::proceed : Next::finish;
  };
  PosteriorCheckpoint checkpoint;
  checkpoint.resume_from = run.checkpoint.in_progress(name);
  checkpoint.save = [&](const Archive& state) { run.checkpoint.save_progress(name, state, run.history); };
  checkpoint.due = [&] { return run.checkpoint.due(); };

  // Predictions are clipped in the values' units, known to the engine only where columns are not rescaled.
  auto range = run.range;
  if (run.scaling.scale.size() > 0) range = {1, -1};
  if (range.first <= range.second)
    range = {(range.first - unit.center) / unit.scale, (range.second - unit.center) / unit.scale};
  PosteriorResult result =
      fit_posterior(train, validation, options, range, start ? &scaled_start : nullptr, {&observe, 1}, checkpoint);
  if (result.stop == Stop::interrupted) throw Interrupted{};

  Fit done;
  done.engine = "posterior";
  done.model = out_of(std::move(result.model), unit);
  done.spread = std::move(result.spread);
  done.spread.row_spread *= unit.scale * unit.scale;
  done.spread.column_spread *= unit.scale * unit.scale;
  done.spread.row_noise *= unit.scale * unit.scale;
  done.train_rmse = result.train_rmse * unit.scale;
  done.iterations = result.sweeps;
  done.stop = result.stop;
  done.message = result.message;
  return done;
}

}  // namespace

Fit run_posterior(Run& run, const std::string& name, Parts take, bool validate, const PosteriorOptions& options,
                  const LowRankModel* start) {
  if (const Archive* saved = run.checkpoint.finished(name)) return fit_from_archive(*saved, run.table);
  Fit done = run.options.scalar == Scalar::double_precision ? fit<double>(run, name, take, validate, options, start)
                                                            : fit<float>(run, name, take, validate, options, start);
  run.time_was_up = run.time_was_up || done.stop == Stop::time_limit;
  if (validate) done.validation_rmse = part_rmse(run, done, Part::validation);
  run.checkpoint.save_finished(name, fit_to_archive(done), run.history);
  return done;
}

}  // namespace rankflow::completion
