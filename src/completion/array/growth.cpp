// Growing factorizations of an array, CP and tree: fitted without each validation part, then on all that trains.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "completion/array/fit_steps.h"
#include "rankflow/choose_tree.h"

namespace rankflow::completion {
namespace {

constexpr double kPerFreedom = 3;  // observations for each degree of freedom of a first look
// Observations that an exact match is looked for in: so many for each index of each mode and one of so many cells (the
// first directions drown where a smaller share is seen), between these bounds.
constexpr Index kPerIndex = 40, kOneOf = 90, kFewestForExact = 40'000, kMostForExact = 60'000;
constexpr Index kFew = 2'000;           // observations up to which idle rounds do not tell noise from a bad start
constexpr double kClearlyWorse = 1.02;  // than the error to beat, after the first of several parts
constexpr double kShare = 0.2;          // of the time that is left, with at most three parts and two more fits in mind

Step step_of(const GrowStep& from, const std::string& model) {
  Step step;
  step.engine = model;
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

  void save(Archive& to) const {
    to.set("race", best_);
    to.set("race_least", std::vector<double>{least_, static_cast<double>(above_), static_cast<double>(seen_),
                                             static_cast<double>(attempt_)});
  }
  void load(const Archive& from) {
    best_ = from.get_doubles("race");
    const std::vector<double> least = from.get_doubles("race_least", 4);
    least_ = least[0];
    above_ = static_cast<Index>(least[1]);
    seen_ = static_cast<Index>(least[2]);
    attempt_ = static_cast<Index>(least[3]);
  }

  // The validation error has been above its least for some steps: this is noise, and no exact match is near.
  bool overfits(const GrowStep& step) {
    if (std::isnan(step.validation_rmse) || step.iteration == seen_) return above_ >= kAbove;
    seen_ = step.iteration;
    if (step.attempt != attempt_) least_ = HUGE_VAL;
    attempt_ = step.attempt;
    above_ = step.validation_rmse < least_ ? 0 : above_ + 1;
    least_ = std::min(least_, step.validation_rmse);
    return above_ >= kAbove;
  }

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
  static constexpr Index kBack = 4;             // components that a gain is averaged over
  static constexpr double kMoreComponents = 8;  // as many more at that gain (gains fall) would not suffice
  static constexpr Index kAbove = 5;            // steps
  double to_beat_, least_ = HUGE_VAL;
  Index above_ = 0, seen_ = -1, attempt_ = 1;
  std::vector<double> best_;  // by number of components
};

// One kind of growing factorization: its engine, and where its result is kept.
struct CpGrowth {
  using Engine = GrowCp;
  using Result = GrowCpResult;
  static constexpr const char* name = "cp";
  static std::optional<Result>& kept(ArrayFit& fit) { return fit.cp; }
  Engine engine(const TensorProblem<double>& train, const TensorProblem<double>& unseen,
                const GrowOptions& options) const {
    return Engine(train, &unseen, options);
  }
};

struct TreeGrowth {
  using Engine = GrowTree;
  using Result = GrowTreeResult;
  static constexpr const char* name = "tree";
  ModeTree tree;
  static std::optional<Result>& kept(ArrayFit& fit) { return fit.tree; }
  Engine engine(const TensorProblem<double>& train, const TensorProblem<double>& unseen,
                const GrowOptions& options) const {
    return Engine(train, &unseen, tree, options);
  }
};

// About so many observations, scattered: what is exactly of low rank shows on a part, and what is noisy shows sooner.
TensorProblem<double> thinned(TensorProblem<double> problem, Index most) {
  const auto stride = static_cast<std::uint64_t>(problem.count() / most);
  if (stride <= 1) return problem;
  TensorProblem<double> some = problem;
  for (auto& index : some.index) index.clear();
  some.value.clear();
  some.weight.clear();
  for (std::size_t k = 0; k < problem.value.size(); ++k) {
    if (scattered(k) % stride != 0) continue;
    for (std::size_t n = 0; n < some.index.size(); ++n) some.index[n].push_back(problem.index[n][k]);
    some.value.push_back(problem.value[k]);
    if (!problem.weight.empty()) some.weight.push_back(problem.weight[k]);
  }
  return some;
}

Index enough_for_exact(const Tensor& tensor) {
  Index indices = 0;
  for (const Index size : tensor.shape()) indices += size;
  const double cells = std::min(static_cast<double>(kMostForExact), tensor.cells() / static_cast<double>(kOneOf));
  return std::clamp(std::max(kPerIndex * indices, static_cast<Index>(cells)), kFewestForExact, kMostForExact);
}

// What an attempt that nobody asked for may cost; 0 = no limit.
struct GrowLimits {
  std::string name = {};
  Index attempts = 0, components = 0;
  bool despite_noise = false;  // go through all attempts
};

// `exact_attempts`: ends where the engine has recognised noise (Stop::validation), or after so many (iteration_limit).
template <class Growth>
typename Growth::Result follow(ArrayRun& run, typename Growth::Engine& engine, const std::string& fit,
                               const std::string& stage, double to_beat = kNaN, Index exact_attempts = 0) {
  if (take_up(run, fit, engine)) return engine.result();
  Race race(to_beat);
  const auto end_where_it_pays_no_more = [&](const GrowStep& step) {
    const bool noisy = step.stage == "grow with noise" || (exact_attempts > 0 && race.overfits(step));
    if (exact_attempts > 0 && noisy && step.attempt > exact_attempts) engine.finish(Stop::iteration_limit);
    if (race.lost(step) || (exact_attempts > 0 && noisy)) engine.finish(Stop::validation);
  };
  if (const Archive* state = run.checkpoint.in_progress(fit)) {
    race.load(*state);
    end_where_it_pays_no_more(engine.last_step());
  }
  while (engine.step()) {
    const GrowStep step = engine.last_step();
    end_where_it_pays_no_more(step);
    const bool go_on =
        run.record(step_of(step, Growth::name), step.stage == "ended" ? stage : stage + ", " + step.stage);
    if (!go_on || run.checkpoint.due()) {
      Archive state = engine.state();
      race.save(state);
      run.checkpoint.save_progress(fit, std::move(state), run.history);
    }
    if (!go_on) engine.finish(Stop::interrupted);
  }
  return finished(run, fit, engine.state(), engine.result());
}

GrowOptions grow_options(const ArrayRun& run) {
  GrowOptions options = run.options.grow;
  options.seed = run.options.seed;
  if (run.options.time_limit > 0) options.max_seconds = run.allowance(kShare);
  return options;
}

template <class Growth>
ArrayFit validated(ArrayRun& run, const Growth& growth, GrowStrategy strategy, double to_beat,
                   const GrowLimits& limits = {}) {
  ArrayFit fit;
  fit.model = Growth::name;
  GrowOptions options = grow_options(run);
  const bool exact_only = strategy == GrowStrategy::exact;
  const std::string which = limits.name + (exact_only                        ? "exact"
                                           : strategy == GrowStrategy::noisy ? "noisy"
                                                                             : "automatic");
  options.strategy = exact_only && !limits.despite_noise ? GrowStrategy::automatic : strategy;
  if (limits.attempts > 0) options.attempts = std::min(options.attempts, limits.attempts);
  if (limits.components > 0)
    options.max_components =
        options.max_components > 0 ? std::min(options.max_components, limits.components) : limits.components;
  Validation<decltype(Growth::Result::model)> validation(run);
  std::optional<typename Growth::Result> first;
  int number = 0;
  for (const std::vector<Index>& part : run.split.validation) {
    TensorProblem<double> train = problem_without(run.tensor, together(run.split.held_out, part));
    const TensorProblem<double> unseen = problem_of(run.tensor, part);
    if (exact_only) train = thinned(std::move(train), enough_for_exact(run.tensor));
    typename Growth::Engine engine = growth.engine(train, unseen, options);
    const std::string name = fmt::format("validate {} {} {}", fit.model, which, ++number);
    typename Growth::Result result = follow<Growth>(run, engine, name, "validate " + fit.model, to_beat,
                                                    exact_only && !limits.despite_noise ? options.attempts : 0);
    if (run.interrupted) return fit;
    if (exact_only && !result.solved()) {
      fit.stop = result.stop;
      return fit;
    }
    validation.add(part, result.model);
    if (!first) first = std::move(result);
    fit.validation_rmse = validation.rmse();
    if (fit.validation_rmse > kClearlyWorse * to_beat) break;
  }
  if (fit.validation_rmse >= to_beat) {  // it will not be chosen
    fit.message = first->message;
    return fit;
  }

  const TensorProblem<double> train = problem_without(run.tensor, run.split.held_out);
  typename Growth::Engine engine(train, *first, options);
  std::optional<typename Growth::Result>& kept = Growth::kept(fit);
  kept = follow<Growth>(run, engine, fmt::format("fit {} {}", fit.model, which), "fit " + fit.model);
  if (run.interrupted) return fit;
  take(*kept, fit);
  if (first->stop == Stop::time_limit) {
    fit.stop = Stop::time_limit;
    fit.message += "; the time limit cut the growth short";
  }
  fit.solved = kept->solved() && first->solved();
  fit.by_chance = first->verdict == GrowVerdict::not_determined;
  fit.predictor = validation.predictor(kept->model);
  return fit;
}

template <class Growth>
ArrayFit again(ArrayRun& run, const ArrayFit& chosen, const typename Growth::Result& first) {
  ArrayFit fit;
  fit.model = chosen.model;
  const TensorProblem<double> all = problem_without(run.tensor, {});
  typename Growth::Engine engine(all, first, grow_options(run));
  const std::string name = "refit " + fit.model;
  std::optional<typename Growth::Result>& kept = Growth::kept(fit);
  kept = follow<Growth>(run, engine, name, name);
  take(*kept, fit);
  fit.predictor = again_predictor(run, kept->model, chosen);
  return fit;
}

}  // namespace

ModeTree tree_of(const ArrayRun& run) {
  if (!run.options.tree.empty()) return ModeTree::parse(run.options.tree, run.tensor.order());
  if (run.tensor.order() == 3) return ModeTree::parse("(0,1,2)", 3);
  return choose_tree(problem_without(run.tensor, run.split.held_out)).tree;
}

ArrayFit validated_cp(ArrayRun& run, GrowStrategy strategy, double to_beat) {
  GrowLimits limits;
  limits.despite_noise = run.tensor.num_observed() <= kFew;
  return validated(run, CpGrowth{}, strategy, to_beat, limits);
}

// A third of the components that the observations could determine, twice: where a sum of outer products is the
// answer, this finds it.
ArrayFit small_exact_cp(ArrayRun& run) {
  Index freedom = 1 - run.tensor.order();
  for (const Index size : run.tensor.shape()) freedom += size;
  const double most = static_cast<double>(run.tensor.num_observed()) / (kPerFreedom * static_cast<double>(freedom));
  return validated(run, CpGrowth{}, GrowStrategy::exact, kNaN,
                   {"small ", 2, std::max<Index>(1, static_cast<Index>(most)), false});
}

ArrayFit validated_tree(ArrayRun& run, GrowStrategy strategy, double to_beat) {
  const TreeGrowth growth{tree_of(run)};
  // The first attempt nearly always finds a tree that is there.
  const GrowLimits limits{"", strategy == GrowStrategy::exact ? 1 : 0, 0, false};
  ArrayFit fit = validated(run, growth, strategy, to_beat, limits);
  fit.message += "; tree " + growth.tree.text();
  return fit;
}

ArrayFit grown_again(ArrayRun& run, const ArrayFit& chosen) {
  return chosen.cp ? again<CpGrowth>(run, chosen, *chosen.cp) : again<TreeGrowth>(run, chosen, *chosen.tree);
}

}  // namespace rankflow::completion
