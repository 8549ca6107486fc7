// The posterior engine as one fit of a completion.
// SPDX-License-Identifier: Apache-2.0
#include "completion/fit_archive.h"
#include "completion/run.h"

namespace rankflow::completion {
namespace {

template <class T>
Fit fit(Run& run, const std::string& name, Parts take, bool validate, const PosteriorOptions& options,
        const LowRankModel* start) {
  const Observations<T> train = select<T>(run.table, run.parts, take, run.scaling);
  EntryList<T> validation;
  if (validate) validation = select_list<T>(run.table, run.parts, Part::validation, run.scaling);

  const Observer observe = [&](const Step& step) {
    Step& named = run.history.emplace_back(step);
    named.stage = name;
    bool go_on = true;
    for (const Observer& observer : run.observers) go_on = observer(named) == Next::proceed && go_on;
    return go_on ? Next::proceed : Next::finish;
  };
  PosteriorCheckpoint checkpoint;
  checkpoint.resume_from = run.checkpoint.in_progress(name);
  checkpoint.save = [&](const Archive& state) { run.checkpoint.save_progress(name, state, run.history); };
  checkpoint.due = [&] { return run.checkpoint.due(); };

  // Predictions are clipped in the values' units; engines see those only where columns are not rescaled.
  const auto range = run.scaling.scale.size() == 0 ? run.range : std::pair<double, double>{1, -1};
  PosteriorResult result = fit_posterior(train, validation, options, range, start, {&observe, 1}, checkpoint);
  if (result.stop == Stop::interrupted) throw Interrupted{};

  Fit done;
  done.engine = "posterior";
  done.model = std::move(result.model);
  done.spread = std::move(result.spread);
  done.train_rmse = result.train_rmse;
  done.iterations = result.sweeps;
  done.stop = result.stop;
  done.message = result.message;
  return done;
}

}  // namespace

Fit run_posterior(Run& run, const std::string& name, Parts take, bool validate, const PosteriorOptions& options,
                  const LowRankModel* start) {
  if (const Archive* saved = run.checkpoint.finished(name)) return fit_from_archive(*saved);
  Fit done = run.options.scalar == Scalar::double_precision ? fit<double>(run, name, take, validate, options, start)
                                                            : fit<float>(run, name, take, validate, options, start);
  if (validate) done.validation_rmse = part_rmse(run, done, Part::validation);
  run.checkpoint.save_finished(name, fit_to_archive(done), run.history);
  return done;
}

}  // namespace rankflow::completion
