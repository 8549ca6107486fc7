// Steps through the phases of a growing fit and says what came out.
// SPDX-License-Identifier: Apache-2.0
#include "solver/grow/engine.h"

#include <fmt/format.h>

#include <cmath>

#include "base/threads.h"
#include "rankflow/error.h"

namespace rankflow::grow {
namespace {

constexpr std::int64_t kStateVersion = 1;

const char* stage_name(Phase phase) {
  switch (phase) {
    case Phase::grow:
      return "grow";
    case Phase::prune:
      return "prune";
    case Phase::noisy_grow:
      return "grow with noise";
    case Phase::eliminate:
      return "eliminate";
    case Phase::refit:
      return "refit";
    case Phase::ended:
      break;
  }
  return "ended";
}

bool advance(const Job& job, const Budget& budget, Progress& progress) {
  switch (progress.phase) {
    case Phase::grow:
      return grow_step(job, budget, progress);
    case Phase::prune:
      return prune_step(job, budget, progress);
    case Phase::noisy_grow:
      return noisy_step(job, budget, progress);
    case Phase::eliminate:
      return eliminate_step(job, budget, progress);
    case Phase::refit:
      return refit_step(job, budget, progress);
    case Phase::ended:
      break;
  }
  return true;
}

bool needs_split(const Progress& progress) {
  return progress.phase == Phase::noisy_grow || progress.phase == Phase::eliminate;
}

}  // namespace

Engine::Engine(std::unique_ptr<Family> family, Cells train, std::optional<Cells> validation,
               Normalization normalization, const GrowOptions& options)
    : normalization_(normalization) {
  check(options);
  num_threads();  // one BLAS thread, before the first product
  if (train.count() == 0) throw InputError("observations", "there are none", "give at least one observed cell");
  if (validation && validation->count() == 0) validation.reset();
  job_.family = std::move(family);
  job_.train = std::move(train);
  job_.validation = std::move(validation);
  job_.options = options;
  progress_.current.point = job_.family->nothing();
  progress_.current.loss = progress_.finished_loss = .5 * job_.train.squared_norm;
  if (options.strategy == GrowStrategy::noisy) {
    progress_.phase = Phase::noisy_grow;
    progress_.tried_noisy = true;
  }
}

void Engine::start_refit(const Point& point, const GrowReport& validated) {
  if (!job_.family->valid(point)) throw InputError("model", "the model to fit again has another shape");
  job_.refitting = true;
  progress_.phase = Phase::refit;
  progress_.tried_noisy = true;
  progress_.current.point = point;
  progress_.current.ridge = validated.ridge;
  progress_.current.strategy = validated.strategy;
  progress_.current.predicts = validated.verdict != GrowVerdict::not_determined;
}

double Engine::seconds() const {
  return seconds_before_ + std::chrono::duration<double>(Budget::Clock::now() - started_).count();
}

bool Engine::step() {
  if (stop_ != Stop::not_run) return false;
  if (progress_.phase == Phase::ended) {
    stop_ = taken().determined                        ? Stop::converged
            : taken().strategy == GrowStrategy::noisy ? Stop::validation
                                                      : Stop::iteration_limit;
    return false;
  }
  const double limit = job_.options.max_seconds;
  const Budget budget = limit > 0 ? Budget(std::max(1e-9, limit - seconds_before_), started_) : Budget();
  if (needs_split(progress_)) split_for_noise(job_);
  Progress next = progress_;
  if (budget.spent() || !advance(job_, budget, next)) {
    finish(Stop::time_limit);
    return false;
  }
  progress_ = std::move(next);
  if (progress_.phase != Phase::ended && progress_.iterations >= job_.options.max_iterations)
    finish(Stop::iteration_limit);
  return true;
}

void Engine::finish(Stop why) {
  if (stop_ == Stop::not_run) stop_ = why;
}

GrowStep Engine::last_step() const {
  const Found& at = progress_.phase == Phase::ended ? taken() : progress_.current;
  GrowStep step;
  step.stage = stage_name(progress_.phase);
  step.attempt = progress_.attempt + 1;
  step.iteration = progress_.iterations;
  step.seconds = seconds();
  const double squares = 2 * at.loss * job_.train.scale * job_.train.scale;
  step.loss = normalization_ == Normalization::mean ? squares / static_cast<double>(job_.train.count()) : squares / 2;
  step.relative_residual = relative_residual(job_.train, at.loss);
  if (job_.validation && !std::isnan(at.validation_loss))
    step.validation_rmse = rmse(*job_.validation, at.validation_loss);
  step.ridge = at.ridge;
  step.components = job_.family->num_components(at.point);
  step.component_norms = job_.family->component_norms(at.point);
  for (double& norm : step.component_norms) norm *= job_.train.scale;
  return step;
}

Archive Engine::state() const {
  Archive archive;
  archive.set("grow.version", kStateVersion);
  archive.set("grow.data", std::vector<double>{static_cast<double>(job_.train.count()), job_.train.scale,
                                               job_.validation ? static_cast<double>(job_.validation->count()) : 0.0,
                                               job_.validation ? job_.validation->squared_norm : 0.0});
  archive.set("grow.stop", static_cast<std::int64_t>(stop_));
  archive.set("grow.seconds", seconds());
  save(archive, progress_);
  return archive;
}

void Engine::restore(const Archive& state) {
  if (state.get_int("grow.version") != kStateVersion)
    throw InputError("grow.version", "found version " + std::to_string(state.get_int("grow.version")) + ", expected " +
                                         std::to_string(kStateVersion));
  if (state.get_doubles("grow.data", 4) != this->state().get_doubles("grow.data", 4))
    throw InputError("grow.data", "the state belongs to other data: observations or validation entries differ",
                     "resume with the data and options of the interrupted run");
  progress_ = load_progress(state, *job_.family);
  seconds_before_ = state.get_double("grow.seconds");
  started_ = Budget::Clock::now();
  const std::int64_t stop = state.get_int("grow.stop");
  if (stop < 0 || stop > static_cast<std::int64_t>(Stop::diverged))
    throw InputError("grow.stop", "found reason " + std::to_string(stop) + " for stopping, expected 0 to " +
                                      std::to_string(static_cast<int>(Stop::diverged)));
  if (progress_.tried_noisy && !job_.refitting) split_for_noise(job_);
  // A limit may be raised and an interruption taken back; an end is an end, and is found again.
  stop_ = Stop::not_run;
}

const Point& Engine::point() const {
  return taken().point;
}

GrowReport Engine::report() const {
  const Found& found = taken();
  GrowReport report;
  report.stop = stop_;
  report.iterations = progress_.iterations;
  report.attempts = found.strategy == GrowStrategy::noisy ? progress_.attempt
                                                          : std::min(progress_.attempt + 1, job_.options.attempts);
  report.strategy = found.strategy;
  report.relative_residual = relative_residual(job_.train, found.loss);
  report.train_rmse = rmse(job_.train, found.loss);
  if (job_.validation || (found.strategy == GrowStrategy::noisy && !std::isnan(found.validation_loss))) {
    report.validation_rmse = rmse(job_.noisy_validation(), found.validation_loss);
    report.baseline_rmse = rmse(job_.noisy_validation(), baseline_loss(job_.noisy_fit(), job_.noisy_validation()));
  }
  report.ridge = found.ridge;
  report.amplification = found.amplification;
  report.seconds = seconds();
  const Index components = job_.family->num_components(found.point);
  if (found.determined) {
    report.verdict = GrowVerdict::solved;
    report.message = fmt::format("{} components match {} observations to {:.1e} of their norm", components,
                                 job_.train.count(), report.relative_residual);
  } else if (found.predicts) {
    report.verdict = GrowVerdict::predicts;
    report.message = fmt::format("{} component{} leave{} {:.1e} of the observations' norm", components,
                                 components == 1 ? "" : "s", components == 1 ? "s" : "", report.relative_residual);
    if (const double share = report.validation_rmse / report.baseline_rmse; std::isfinite(share))
      report.message +=
          fmt::format(", and predict{} cells that were not fitted with {:.2f} times the error of the means",
                      components == 1 ? "s" : "", share);
  } else {
    report.message = found.matched ? "the observations are matched, but not by one factorization alone"
                                   : "no factorization was found that the observations determine";
  }
  return report;
}

}  // namespace rankflow::grow
