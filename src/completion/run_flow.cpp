// The flow engine as one fit of a completion: selection, stepping with checkpoints, noise of what is left.
// SPDX-License-Identifier: Apache-2.0
#include "completion/fit_archive.h"
#include "completion/residual_spread.h"
#include "completion/run.h"
#include "rankflow/error.h"
#include "solver/flow/refit.h"

namespace rankflow::completion {
namespace {

constexpr Index kDoubleUpTo = 5'000'000;  // observations; beyond, memory traffic rules

template <class T>
FlowResult drive(Run& run, const std::string& name, Flow<T>& flow) {
  while (flow.step()) {
    Step step = flow.last_step();
    step.stage = name;
    bool go_on = true;
    for (const Observer& observer : run.observers) go_on = observer(step) == Next::proceed && go_on;
    run.history.push_back(step);
    if (!go_on || run.checkpoint.due()) run.checkpoint.save_progress(name, flow.state().archive, run.history);
    if (!go_on) throw Interrupted{};
  }
  return flow.result();
}

template <class T>
Fit fit(Run& run, const std::string& name, Parts take, bool validate, FlowOptions options, const Fit* repeat) {
  const Observations<T> train = select<T>(run.table, run.parts, take, run.scaling);
  EntryList<T> validation;
  if (validate) validation = select_list<T>(run.table, run.parts, Part::validation, run.scaling);

  FlowState state;
  const FlowState* resume = nullptr;
  if (const Archive* saved = run.checkpoint.in_progress(name)) {
    state.archive = *saved;
    resume = &state;
  }
  if (repeat) options.centering = repeat->centering;
  Flow<T> flow = repeat ? Flow<T>(train, options, repeat->path, resume) : Flow<T>(train, validation, options, resume);
  const FlowResult result = drive(run, name, flow);

  Fit done;
  done.engine = "flow";
  done.model = result.model;
  done.spread = residual_spread(train, result.model);
  done.train_rmse = result.train_rmse;
  done.iterations = result.iterations;
  done.stop = result.stop;
  done.message = result.message;
  done.path = result.path;
  done.solved = result.solved;
  done.centering = options.centering;
  return done;
}

}  // namespace

Fit run_flow(Run& run, const std::string& name, Parts take, bool validate, const FlowOptions& options,
             const Fit* repeat) {
  if (const Archive* saved = run.checkpoint.finished(name))
    return noted_limits(run, name, fit_from_archive(*saved, run.table));
  const bool single = run.options.scalar == Scalar::single_precision ||
                      (run.options.scalar == Scalar::automatic && run.table.num_observed() > kDoubleUpTo);
  Fit done = single ? fit<float>(run, name, take, validate, options, repeat)
                    : fit<double>(run, name, take, validate, options, repeat);
  if (validate) done.validation_rmse = part_rmse(run, done, Part::validation);
  run.checkpoint.save_finished(name, fit_to_archive(done), run.history);
  return noted_limits(run, name, std::move(done));
}

Fit checked_refit(Fit refit, const Fit& first) {
  if (!flow::refit_failed(refit.stop, refit.model, refit.train_rmse, first.model, first.train_rmse)) return refit;
  Fit kept = first;
  kept.message += flow::kRefitDropped;
  return kept;
}

}  // namespace rankflow::completion
