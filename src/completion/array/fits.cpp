// One model of an array: fitted without each validation part, then on all that trains.
// SPDX-License-Identifier: Apache-2.0
#include "completion/array/fits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "completion/array/predictors.h"

namespace rankflow::completion {
namespace {

// Of the time that is left, with fits to come in mind: at most three parts, the fit on all that trains, the refit.
constexpr double kGrowShare = 0.2, kOverlapShare = 0.35;
constexpr double kLeastSeconds = 0.05;

// The training cells, and the validation parts as cells.
struct DenseParts {
  CellMask train;
  std::vector<std::vector<Index>> validation;
};

DenseParts dense_parts(const ArrayRun& run, bool everything) {
  DenseParts parts{run.dense->array.observed, {}};
  if (!everything)
    for (const Index k : run.split.held_out) parts.train[run.dense->cell[k]] = 0;
  for (const std::vector<Index>& numbers : run.split.validation) {
    parts.validation.emplace_back();
    for (const Index k : numbers) parts.validation.back().push_back(run.dense->cell[k]);
  }
  return parts;
}

std::vector<float> to_float(const Vector& cells) {
  std::vector<float> values(static_cast<std::size_t>(cells.size()));
  std::transform(cells.begin(), cells.end(), values.begin(), [](double x) { return static_cast<float>(x); });
  return values;
}

Step step_of(const GrowStep& from) {
  Step step;
  step.engine = "cp";
  step.iteration = from.iteration;
  step.seconds = from.seconds;
  step.train_rmse = std::sqrt(from.loss);  // problems here are normalized as means of squares
  step.validation_rmse = from.validation_rmse;
  step.rank = from.components;
  step.singular_values = from.component_norms;
  return step;
}

// Watches validation errors while components are added: can the growth still come below an error?
class Race {
 public:
  explicit Race(double to_beat) : to_beat_(to_beat) {}

  void save(Archive& to) const { to.set("race", best_); }
  void load(const Archive& from) { best_ = from.get_doubles("race"); }

  bool lost(const GrowStep& step) {
    if (std::isnan(to_beat_) || std::isnan(step.validation_rmse) || step.components <= 0) return false;
    const auto place = static_cast<std::size_t>(step.components);
    if (best_.size() <= place) best_.resize(place + 1, HUGE_VAL);
    best_[place] = std::min(best_[place], step.validation_rmse);
    if (step.components <= kBack || !std::isfinite(best_[place - kBack])) return false;
    const double gain = (best_[place - kBack] - best_[place]) / kBack;
    return best_[place] - kMoreComponents * std::max(0.0, gain) > to_beat_;
  }

 private:
  static constexpr Index kBack = 4;              // components that a gain is averaged over
  static constexpr double kMoreComponents = 15;  // as many more at that gain (gains fall) would not suffice
  double to_beat_;
  std::vector<double> best_;  // by number of components
};

// A fit that has ended: its engine's state, and why it ended.
template <class Result>
Result finished(ArrayRun& run, const std::string& fit, Archive state, Result result) {
  if (run.interrupted) return result;
  state.set("ended", static_cast<std::int64_t>(result.stop));
  run.checkpoint.save_finished(fit, std::move(state), run.history);
  return result;
}

// Brings an engine to where a checkpoint has it; true if the fit had ended there.
template <class Engine>
bool take_up(ArrayRun& run, const std::string& fit, Engine& engine) {
  if (const Archive* ended = run.checkpoint.finished(fit)) {
    engine.restore(*ended);
    engine.finish(static_cast<Stop>(ended->get_int("ended")));
    return true;
  }
  if (const Archive* state = run.checkpoint.in_progress(fit)) engine.restore(*state);
  return false;
}

// `exact_only`: ends where the engine has recognised noise.
GrowCpResult follow(ArrayRun& run, GrowCp& engine, const std::string& fit, const std::string& stage,
                    double to_beat = kNaN, bool exact_only = false) {
  if (take_up(run, fit, engine)) return engine.result();
  Race race(to_beat);
  const auto end_where_it_pays_no_more = [&](const GrowStep& step) {
    if (race.lost(step) || (exact_only && step.stage == "grow with noise")) engine.finish(Stop::validation);
  };
  if (const Archive* state = run.checkpoint.in_progress(fit)) {
    race.load(*state);
    end_where_it_pays_no_more(engine.last_step());
  }
  while (engine.step()) {
    const GrowStep step = engine.last_step();
    end_where_it_pays_no_more(step);
    const bool go_on = run.record(step_of(step), step.stage == "ended" ? stage : stage + ", " + step.stage);
    if (!go_on || run.checkpoint.due()) {
      Archive state = engine.state();
      race.save(state);
      run.checkpoint.save_progress(fit, std::move(state), run.history);
    }
    if (!go_on) engine.finish(Stop::interrupted);
  }
  return finished(run, fit, engine.state(), engine.result());
}

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

// Residuals of cells that a fit has not seen.
std::vector<double> residuals(const Tensor& tensor, const std::vector<Index>& numbers,
                              const CpFactorization<double>& model) {
  std::vector<double> found;
  std::vector<std::int32_t> index(static_cast<std::size_t>(tensor.order()));
  for (const Index k : numbers) {
    for (std::size_t n = 0; n < index.size(); ++n) index[n] = tensor.index[n][k];
    found.push_back(model.entry(index) - tensor.value[k]);
  }
  return found;
}

GrowOptions grow_options(const ArrayRun& run) {
  GrowOptions options = run.options.grow;
  options.seed = run.options.seed;
  if (run.options.time_limit > 0) options.max_seconds = run.allowance(kGrowShare);
  return options;
}

OverlapOptions overlap_options(const ArrayRun& run) {
  OverlapOptions options = run.options.overlap;
  options.seed = run.options.seed;
  if (run.options.time_limit > 0) options.max_seconds = run.allowance(kOverlapShare);
  return options;
}

void take(const GrowCpResult& result, ArrayFit& fit) {
  fit.train_rmse = result.train_rmse;
  fit.solved = result.solved();
  fit.iterations = result.iterations;
  fit.stop = result.stop;
  fit.message = result.message;
}

void take(const OverlapResult& result, ArrayFit& fit) {
  fit.train_rmse = result.train_rmse;
  fit.stop = result.stop;
  fit.message = result.message;
}

}  // namespace

bool ArrayRun::record(Step step, const std::string& stage) {
  step.stage = stage;
  bool go_on = true;
  for (const Observer& observer : observers) go_on = observer(step) == Next::proceed && go_on;
  history.push_back(std::move(step));
  interrupted = interrupted || !go_on;
  return go_on;
}

double ArrayRun::allowance(double share) const {
  if (options.time_limit == 0) return 0;
  const double spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return std::max(kLeastSeconds, share * (options.time_limit - spent));
}

ArrayFit validated_cp(ArrayRun& run, GrowStrategy strategy, double to_beat) {
  ArrayFit fit;
  fit.model = "cp";
  GrowOptions options = grow_options(run);
  const bool exact_only = strategy == GrowStrategy::exact;
  const std::string which = exact_only ? "exact" : strategy == GrowStrategy::noisy ? "noisy" : "automatic";
  options.strategy = exact_only ? GrowStrategy::automatic : strategy;
  PlainIntervals plain;
  std::vector<std::vector<float>> part_values;
  std::optional<GrowCpResult> first;
  double squares = 0, count = 0;
  int number = 0;
  for (const std::vector<Index>& part : run.split.validation) {
    const TensorProblem<double> train = problem_without(run.tensor, together(run.split.held_out, part)),
                                unseen = problem_of(run.tensor, part);
    GrowCp engine(train, &unseen, options);
    const std::string name = fmt::format("validate cp {} {}", which, ++number);
    const GrowCpResult result = follow(run, engine, name, "validate cp", to_beat, exact_only);
    if (run.interrupted || (exact_only && !result.solved())) return fit;
    for (const double e : residuals(run.tensor, part, result.model)) {
      plain.residuals.push_back(std::abs(e));
      squares += e * e;
      ++count;
    }
    if (run.dense) part_values.push_back(to_float(result.model.dense()));
    if (!first) first = result;
  }
  std::sort(plain.residuals.begin(), plain.residuals.end());
  fit.validation_rmse = std::sqrt(squares / count);

  const TensorProblem<double> train = problem_without(run.tensor, run.split.held_out);
  GrowCp engine(train, *first, options);
  fit.cp = follow(run, engine, "fit cp " + which, "fit cp");
  if (run.interrupted) return fit;
  take(*fit.cp, fit);
  fit.solved = fit.solved && first->solved();
  if (run.dense) {
    const DenseParts parts = dense_parts(run, false);
    fit.predictor =
        cp_predictor(fit.cp->model, calibrate_intervals(run.dense->array, parts.train, to_float(fit.cp->model.dense()),
                                                        parts.validation, part_values));
  } else {
    fit.predictor = cp_predictor(fit.cp->model, std::move(plain));
  }
  return fit;
}

ArrayFit validated_overlap(ArrayRun& run) {
  ArrayFit fit;
  fit.model = "overlap";
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

ArrayFit fit_again(ArrayRun& run, const ArrayFit& chosen) {
  ArrayFit fit;
  fit.model = chosen.model;
  if (chosen.cp) {
    const TensorProblem<double> all = problem_without(run.tensor, {});
    GrowCp engine(all, *chosen.cp, grow_options(run));
    fit.cp = follow(run, engine, "refit cp", "refit cp");
    take(*fit.cp, fit);
    fit.predictor = recentred(cp_predictor(fit.cp->model, PlainIntervals{}), chosen.predictor);
    return fit;
  }
  const DenseParts parts = dense_parts(run, true);
  const OverlapProblem problem{run.dense->array, parts.train, {}};
  OverlapFit engine(problem, *chosen.overlap, overlap_options(run));
  fit.overlap = follow(run, engine, "refit overlap", "refit on all observations");
  take(*fit.overlap, fit);
  fit.predictor = recentred(dense_predictor(run.tensor.shape(), fit.overlap->values, {}), chosen.predictor);
  return fit;
}

}  // namespace rankflow::completion
