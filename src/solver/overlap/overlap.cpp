// Overlap of unfoldings: search over weights, then the path of the best ones again, finer and on everything.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/overlap.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

#include "rankflow/error.h"
#include "solver/overlap/path.h"
#include "solver/overlap/search.h"
#include "solver/overlap/unfolding_ranks.h"

namespace rankflow {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::int64_t kStateVersion = 1;
enum class Phase : std::int64_t { search, validate, refit, ended };
// Final fits take so many times the longest path of the search: a finer path with the parts and one on everything.
constexpr double kFinalShare = 4;
// Of the time limit, that the search may spend at most, and search and validation together.
constexpr double kSearchShare = .4, kValidateShare = .7;
// A path of the search is given up at this share of the best one's eps if its error was never below that one's times
// this factor: bad weights would walk to eps_end.
constexpr double kFarBelow = .3, kFarFrom = 1.1;

}  // namespace

struct OverlapFit::Impl {
  OverlapOptions options;
  overlap::Ground ground;
  std::optional<overlap::Path> path;
  Phase phase = Phase::search;
  OverlapResult kept;  // trials, setting, part values and numbers as they become known
  Index final_points = 0;
  Step step;
  double seconds_before = 0, path_began = 0, longest_path = 0;
  Clock::time_point begin = Clock::now();

  Impl(const OverlapProblem& problem, const OverlapOptions& given)
      : options((check(given), given)), ground(problem, options) {
    step.engine = "overlap";
    kept.stop = Stop::not_run;
    kept.message = "under way";
    if (ground.num_parts() > 0) {
      next_trial();
      return;
    }
    kept.setting.weight.assign(static_cast<std::size_t>(ground.unfoldings.count()), 1.0);
    begin_refit(
        static_cast<Index>(std::floor(std::log(options.eps_end / options.eps_start) / std::log(options.final_ratio))));
  }

  Impl(const OverlapProblem& problem, const OverlapResult& chosen, const OverlapOptions& given)
      : options((check(given), given)), ground(problem, options) {
    step.engine = "overlap";
    kept.message = "under way";
    kept.setting = chosen.setting;
    begin_refit(std::max<Index>(1, static_cast<Index>(chosen.eps.size())) - 1);
  }

  double seconds() const { return seconds_before + std::chrono::duration<double>(Clock::now() - begin).count(); }

  void begin_path(const OverlapSetting& setting, double ratio, bool on_everything) {
    path_began = seconds();
    path.reset();  // its memory first
    path.emplace(ground, setting, ratio, on_everything);
  }

  bool out_of_time() const {
    return options.max_seconds > 0 && !kept.trials.empty() &&
           seconds() + kFinalShare * longest_path > options.max_seconds;
  }

  // A path under way ends where it is once its share of the time limit is spent.
  bool cut_short() {
    const double share = phase == Phase::search ? kSearchShare : phase == Phase::validate ? kValidateShare : 1;
    if (options.max_seconds == 0 || path->points() == 0 || seconds() <= share * options.max_seconds) return false;
    kept.stop = Stop::time_limit;
    kept.message = "the time limit cut a path short";
    return true;
  }

  void next_trial() {
    const auto setting = overlap::next_setting(ground.unfoldings.count(), options, kept.trials);
    if (setting && !out_of_time()) {
      step.stage = "search " + std::to_string(kept.trials.size() + 1);
      begin_path(*setting, options.search_ratio, false);
      if (const OverlapTrial* best = overlap::best_trial(kept.trials))
        path->give_up_below(kFarBelow * best->eps, kFarFrom * best->rmse / ground.scale);
      return;
    }
    if (setting) {
      kept.stop = Stop::time_limit;
      kept.message = "the search for weights was cut short by the time limit";
    }
    kept.setting = overlap::best_trial(kept.trials)->setting;
    phase = Phase::validate;
    step.stage = "validate overlap";
    begin_path(kept.setting, options.final_ratio, false);
    path->go_at_least_to(overlap::best_trial(kept.trials)->eps);
    path->keep_best(true);
  }

  void begin_refit(Index last) {
    final_points = last + 1;
    phase = Phase::refit;
    step.stage = "refit overlap";
    begin_path(kept.setting, options.final_ratio, true);
    path->end_at(last);
  }

  // What follows once the path under way has ended.
  void path_ended() {
    longest_path = std::max(longest_path, seconds() - path_began);
    if (phase == Phase::search) {
      const double rmse = path->best_rmse() * ground.scale;
      kept.trials.push_back({path->setting(), std::isfinite(rmse) ? rmse : HUGE_VAL, path->eps_at(path->best_point())});
      return next_trial();
    }
    if (phase == Phase::validate) {
      kept.validation_rmse = path->best_rmse() * ground.scale;
      kept.part_values = path->best_x();
      for (std::vector<float>& values : kept.part_values)
        for (float& value : values) value *= static_cast<float>(ground.scale);
      return begin_refit(path->best_point());
    }
    end(ground.num_parts() > 0 ? Stop::validation : Stop::converged,
        ground.num_parts() > 0 ? "weights and the end of the path are those of the smallest validation error"
                               : "the path reached eps_end; without a validation part nothing was chosen");
  }

  void end(Stop why, const std::string& message) {
    phase = Phase::ended;
    if (kept.stop != Stop::not_run) return;
    kept.stop = why;
    kept.message = message;
  }

  bool advance() {
    if (phase == Phase::ended) return false;
    while (phase != Phase::ended && (cut_short() || !path->advance())) path_ended();
    if (phase == Phase::ended) return false;
    ++step.iteration;
    step.seconds = seconds();
    step.train_rmse = path->train_rmse() * ground.scale;
    step.validation_rmse = path->rmse() * ground.scale;
    return true;
  }

  OverlapResult result() const {
    OverlapResult result = kept;
    result.values = path->x(0);
    const bool refitted = phase == Phase::refit || (phase == Phase::ended && final_points > 0);
    const Index points = path->points();
    const double eps = path->eps_at(std::max<Index>(0, points - 1));
    if (refitted)
      for (Index k = 0; k < points; ++k) result.eps.push_back(path->eps_at(k));
    result.setting = path->setting();
    result.unfoldings =
        overlap::ranks_of_unfoldings(ground.unfoldings, result.setting.weight, path->x(0), eps, ground.scale, options);
    for (float& value : result.values) value *= static_cast<float>(ground.scale);
    result.train_rmse = path->train_rmse() * ground.scale;
    result.seconds = seconds();
    return result;
  }
};

OverlapFit::OverlapFit(const OverlapProblem& problem, const OverlapOptions& options)
    : impl_(std::make_unique<Impl>(problem, options)) {}
OverlapFit::OverlapFit(const OverlapProblem& problem, const OverlapResult& chosen, const OverlapOptions& options)
    : impl_(std::make_unique<Impl>(problem, chosen, options)) {}
OverlapFit::~OverlapFit() = default;

bool OverlapFit::advance() {
  return impl_->advance();
}
const Step& OverlapFit::step() const {
  return impl_->step;
}
const std::vector<OverlapTrial>& OverlapFit::trials() const {
  return impl_->kept.trials;
}
OverlapResult OverlapFit::result() {
  return impl_->result();
}

void OverlapFit::finish(Stop why) {
  impl_->end(why, std::string("ended while it was under way (") + impl_->step.stage + "): " + name(why));
}

Archive OverlapFit::state() const {
  const Impl& i = *impl_;
  Archive to;
  to.set("version", kStateVersion);
  to.set("phase", static_cast<std::int64_t>(i.phase));
  to.set("stop", static_cast<std::int64_t>(i.kept.stop));
  to.set("message", i.kept.message);
  to.set("stage", i.step.stage);
  to.set("counts", std::vector<std::int64_t>{i.step.iteration, i.final_points});
  to.set("seconds", std::vector<double>{i.seconds(), i.seconds() - i.path_began, i.longest_path});
  to.set("numbers", std::vector<double>{i.kept.validation_rmse, i.step.train_rmse, i.step.validation_rmse});
  const Index unfoldings = i.ground.unfoldings.count(), count = static_cast<Index>(i.kept.trials.size());
  Matrix trials(count, unfoldings + 3);
  for (Index k = 0; k < count; ++k) {
    const OverlapTrial& trial = i.kept.trials[k];
    for (Index n = 0; n < unfoldings; ++n) trials(k, n) = trial.setting.weight[n];
    trials.row(k).tail(3) << trial.setting.strength, trial.rmse, trial.eps;
  }
  to.set("trials", trials);
  for (std::size_t k = 0; k < i.kept.part_values.size(); ++k) to.set("part" + std::to_string(k), i.kept.part_values[k]);
  i.path->save(to);
  return to;
}

void OverlapFit::restore(const Archive& from) {
  Impl& i = *impl_;
  if (from.get_int("version") != kStateVersion)
    throw InputError(from.source(), "the state was written by another version of this engine");
  i.phase = static_cast<Phase>(from.get_int("phase"));
  i.kept.stop = static_cast<Stop>(from.get_int("stop"));
  i.kept.message = from.get_text("message");
  i.step.stage = from.get_text("stage");
  const std::vector<std::int64_t> counts = from.get_ints("counts", 2);
  i.step.iteration = counts[0], i.final_points = counts[1];
  const std::vector<double> seconds = from.get_doubles("seconds", 3), numbers = from.get_doubles("numbers", 3);
  i.begin = Clock::now();
  i.seconds_before = seconds[0];
  i.longest_path = seconds[2];
  i.kept.validation_rmse = numbers[0], i.step.train_rmse = numbers[1], i.step.validation_rmse = numbers[2];
  const Index unfoldings = i.ground.unfoldings.count();
  const Matrix trials = from.get_matrix("trials", -1, unfoldings + 3);
  i.kept.trials.clear();
  for (Index k = 0; k < trials.rows(); ++k) {
    OverlapTrial trial;
    for (Index n = 0; n < unfoldings; ++n) trial.setting.weight.push_back(trials(k, n));
    trial.setting.strength = trials(k, unfoldings);
    trial.rmse = trials(k, unfoldings + 1);
    trial.eps = trials(k, unfoldings + 2);
    i.kept.trials.push_back(std::move(trial));
  }
  i.kept.part_values.clear();
  for (std::size_t k = 0; from.has("part" + std::to_string(k)); ++k)
    i.kept.part_values.push_back(from.get_floats("part" + std::to_string(k), i.ground.problem.array.cells()));
  const bool refit = i.final_points > 0, search = i.phase == Phase::search;
  i.path.reset();
  i.path.emplace(i.ground, OverlapSetting{}, search ? i.options.search_ratio : i.options.final_ratio, refit);
  i.path->keep_best(!search && !refit);
  i.path->load(from);
  i.kept.setting = i.path->setting();
  i.path_began = seconds[0] - seconds[1];
}

OverlapResult fit_overlap(const OverlapProblem& problem, const OverlapOptions& options,
                          std::span<const Observer> observers) {
  OverlapFit fit(problem, options);
  while (fit.advance()) {
    bool finish = false;
    for (const Observer& observer : observers) finish = observer(fit.step()) == Next::finish || finish;
    if (finish) {
      fit.finish(Stop::interrupted);
      break;
    }
  }
  return fit.result();
}

}  // namespace rankflow
