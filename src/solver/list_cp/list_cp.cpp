// Effects first, then components one by one while the validation part gains, then all together until nothing moves.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/list_cp.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "base/threads.h"
#include "rankflow/error.h"
#include "solver/list_cp/posterior_rows.h"
#include "solver/list_cp/state_archive.h"

namespace rankflow {
namespace {

using namespace list_cp;
using Clock = std::chrono::steady_clock;

enum class Phase { effects, shrink, grow, last, ended };
constexpr Index kEffectSweeps = 5;
constexpr Index kSweepsOfLong = 4;       // for a component of a list too long for the uncertainty of rows
constexpr double kEffectShrinkage = 10;  // observations' worth that effects are held back by at first
// Then, mode by mode, so many times more or less if the validation part likes it. (Expectation maximization in place of
// this leaves far too large effects on indices that few cells see: a row's uncertainty counts there, but not that rows
// of different modes stand in for each other.)
constexpr double kShrinkageStep = 3, kShrinkageGain = 1e-4;
constexpr Index kShrinkageRounds = 5;
constexpr double kSettled = 1e-5;  // relative change of the error that ends the last sweeps
constexpr double kEmpty = 1e-3;    // components below this share of the largest norm are left out of the result
constexpr Index kBlock = 1 << 14;
constexpr std::uint8_t kFitted = 0, kChooses = 1;

void check(const ListCpData& data, const ListCpOptions& options) {
  ListCpOptions copy = options;
  for (const OptionField& option : fields(copy)) option.set(option.get());
  const Tensor& tensor = data.tensor;
  if (tensor.order() < 2) throw InputError(tensor.source, "expected cells of an array of order 2 or more");
  if (tensor.num_observed() > std::numeric_limits<std::uint32_t>::max())
    throw InputError(tensor.source, "it has more than 2^32 - 1 observations");
  if (static_cast<Index>(data.part.size()) != tensor.num_observed())
    throw InputError(tensor.source,
                     fmt::format("found {} parts for {} observations", data.part.size(), tensor.num_observed()));
  if (std::count(data.part.begin(), data.part.end(), kFitted) == 0)
    throw InputError(tensor.source, "no observation is left to be fitted");
  if (options.max_components == 0 && !options.effects)
    throw OptionError("max_components = 0 without effects leaves nothing to fit");
}

}  // namespace

struct ListCpFit::Impl {
  ListCpData data;
  ListCpOptions options;
  RowLists lists;
  SweepOptions how;
  State state, best, grown;  // under way, by validation, and before the last component
  double best_rmse = HUGE_VAL;
  Phase phase = Phase::effects;
  Index in_phase = 0, idle = 0;
  Index trial = 0, last_gain = 0;  // of shrinkage
  bool chooses = false, refit = false;
  double squares = kNaN, rmse = kNaN;
  ListCpResult kept;
  Clock::time_point begin = Clock::now();

  Impl(ListCpData given, const ListCpOptions& wanted)
      : data((check(given, wanted), std::move(given))), options(wanted), lists(data.tensor, data.part) {
    how = {options.effects, lists.count() <= options.bayes_below, true};
    chooses = std::count(data.part.begin(), data.part.end(), kChooses) > 0;
    if (!chooses && options.max_components > 0)
      throw InputError(data.tensor.source, "without a validation part no number of components can be found");
    start_state();
    if (!options.effects) begin_growth();
  }

  Impl(ListCpData given, const ListCpResult& start, const ListCpOptions& wanted)
      : data((check(given, wanted), std::move(given))), options(wanted), lists(data.tensor, data.part), refit(true) {
    how = {options.effects, lists.count() <= options.bayes_below, true};
    RANKFLOW_ASSERT(start.component_precision.size() == start.model.components.components() &&
                        start.effect_precision.size() == data.tensor.order(),
                    "a precision for each component and each mode");
    start_state();
    state.offset = start.model.offset;
    for (Index n = 0; n < data.tensor.order(); ++n) {
      state.modes[n].mean = start.model.components.factors[n];
      state.modes[n].effect = start.model.effects[n];
      state.modes[n].effect_second = start.model.effects[n].array().square();
    }
    state.noise = start.noise_precision;
    state.component_precision = start.component_precision;
    state.effect_precision = start.effect_precision;
    reset_second(how.bayes, state);
    phase = Phase::last;
  }

  void start_state() {
    double sum = 0, squared = 0, weights = 0;
    for (Index k = 0; k < data.tensor.num_observed(); ++k) {
      if (data.part[k] != kFitted) continue;
      const double w = data.tensor.weight.empty() ? 1 : static_cast<double>(data.tensor.weight[k]);
      weights += w, sum += w * data.tensor.value[k], squared += w * data.tensor.value[k] * data.tensor.value[k];
    }
    state.offset = options.effects ? sum / weights : 0;
    const double variance = squared / weights - state.offset * state.offset;
    state.noise = 1 / std::max(variance, 1e-300);
    state.effect_precision = Vector::Constant(data.tensor.order(), kEffectShrinkage * state.noise);
    state.component_precision.resize(0);
    for (Index n = 0; n < data.tensor.order(); ++n)
      state.modes.push_back(
          {Matrix(data.tensor.size(n), 0), {}, Vector::Zero(data.tensor.size(n)), Vector::Zero(data.tensor.size(n))});
    reset_second(how.bayes, state);
    best = grown = state;
  }

  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin).count(); }

  double error(const State& of, std::uint8_t part) const {
    struct Sum {
      double squares = 0, weights = 0;
      Sum& operator+=(const Sum& other) {
        squares += other.squares, weights += other.weights;
        return *this;
      }
    };
    const Sum sum = parallel_sum<Sum>(
        data.tensor.num_observed(), kBlock, Sum{},
        [&](Index from, Index to) {
          Sum own;
          for (Index k = from; k < to; ++k) {
            if (data.part[k] != part) continue;
            const double w = data.tensor.weight.empty() ? 1 : static_cast<double>(data.tensor.weight[k]);
            own.squares += w * std::pow(value_at(data.tensor, of, k) - data.tensor.value[k], 2);
            own.weights += w;
          }
          return own;
        },
        10);
    return sum.weights > 0 ? std::sqrt(sum.squares / sum.weights) : kNaN;
  }

  // Keeps the state under way if the validation part prefers it by a factor.
  bool look(double factor) {
    if (!chooses) {
      best = state;
      return true;
    }
    rmse = error(state, kChooses);
    if (!(rmse < factor * best_rmse)) return false;
    best_rmse = rmse;
    best = state;
    return true;
  }

  void end(Stop why, const std::string& message) {
    phase = Phase::ended;
    kept.stop = why;
    kept.message = message;
    kept.seconds = seconds();
  }

  void begin_phase(Phase next) {
    phase = next;
    in_phase = 0;
  }

  void begin_growth() {
    if (state.components() >= options.max_components) {
      begin_phase(Phase::last);
      return;
    }
    if (state.components() == 0 && options.effects) kept.effects_rmse = best_rmse;
    begin_phase(Phase::grow);
    grown = state;
    add_component(data.tensor, lists, options.seed + static_cast<std::uint64_t>(idle) * 1000, how.bayes, state);
    if (options.effects && grown.components() == 0) return;
    if (grown.components() == 0) state.noise = 1 / std::max(std::pow(error(state, kFitted), 2), 1e-300);
  }

  void judge_component() {
    if (look(1 - options.gain)) {
      idle = 0;
    } else if (++idle < options.patience) {
      state = grown;  // once more, along another direction
    } else {
      state = best;
      begin_phase(Phase::last);
      return;
    }
    begin_growth();
  }

  // One mode's effects held back more or less.
  void try_shrinkage() {
    const Index modes = data.tensor.order(), tried = 2 * modes;
    const Index mode = trial / 2 % modes;
    state = best;
    state.effect_precision[mode] *= trial % 2 == 0 ? kShrinkageStep : 1 / kShrinkageStep;
    SweepOptions held = how;
    held.learn_precision = false;
    for (Index s = 0; s < kEffectSweeps; ++s, ++kept.sweeps) squares = sweep(data.tensor, lists, held, state);
    ++trial;
    if (look(1 - kShrinkageGain)) {
      last_gain = trial;
      trial -= 1;  // once more the same way
    }
    if (trial - last_gain < tried && kept.sweeps < kShrinkageRounds * tried * kEffectSweeps) return;
    state = best;
    sweep(data.tensor, lists, how, state);
    begin_growth();
  }

  bool advance() {
    if (phase == Phase::shrink) {
      try_shrinkage();
      check_time();
      return true;
    }
    if (phase == Phase::ended) return false;
    const double before = squares;
    squares = sweep(data.tensor, lists, how, state);
    ++kept.sweeps;
    ++in_phase;
    if (!std::isfinite(squares)) {
      state = best;
      end(Stop::diverged, fmt::format("diverged in sweep {}", kept.sweeps));
      return true;
    }
    const bool settled = std::abs(squares - before) < kSettled * squares;
    if (phase == Phase::effects && (in_phase >= kEffectSweeps || (in_phase > 1 && settled))) {
      look(1);
      if (chooses && how.bayes)
        begin_phase(Phase::shrink);
      else
        begin_growth();
    } else if (phase == Phase::grow &&
               in_phase >= (how.bayes ? options.sweeps : std::min(options.sweeps, kSweepsOfLong))) {
      judge_component();
    } else if (phase == Phase::last) {
      const bool gained = look(1);
      if (in_phase >= options.final_sweeps || settled || (chooses && !gained && in_phase > 1))
        end(chooses ? Stop::validation : Stop::converged,
            chooses ? fmt::format("the validation part asks for {} components", best.components())
                    : fmt::format("{} sweeps were made", kept.sweeps));
    }
    check_time();
    return true;
  }

  void check_time() {
    if (phase != Phase::ended && options.max_seconds > 0 && seconds() > options.max_seconds) {
      if (refit || phase == Phase::effects) best = state;
      end(Stop::time_limit, fmt::format("the time limit came with {} components", best.components()));
    }
  }

  ListCpResult result() const {
    ListCpResult result = kept;
    const State& of = best;
    result.model.offset = of.offset;
    Vector norms = Vector::Ones(of.components());
    for (const ModeRows& rows : of.modes)
      for (Index r = 0; r < norms.size(); ++r) norms[r] *= rows.mean.col(r).norm();
    std::vector<Index> keep;
    for (Index r = 0; r < norms.size(); ++r)
      if (norms[r] > kEmpty * norms.maxCoeff()) keep.push_back(r);
    for (const ModeRows& rows : of.modes) {
      result.model.components.factors.emplace_back(rows.mean(Eigen::all, keep));
      result.model.effects.push_back(rows.effect);
    }
    result.noise_precision = of.noise;
    result.component_precision = of.component_precision(keep);
    result.effect_precision = of.effect_precision;
    result.validation_rmse = chooses ? best_rmse : kNaN;
    result.train_rmse = error(of, kFitted);
    return result;
  }
};

ListCpFit::ListCpFit(ListCpData data, const ListCpOptions& options)
    : impl_(std::make_unique<Impl>(std::move(data), options)) {}
ListCpFit::ListCpFit(ListCpData data, const ListCpResult& start, const ListCpOptions& options)
    : impl_(std::make_unique<Impl>(std::move(data), start, options)) {}
ListCpFit::~ListCpFit() = default;
ListCpFit::ListCpFit(ListCpFit&&) noexcept = default;

bool ListCpFit::advance() {
  return impl_->advance();
}

Step ListCpFit::last_step() const {
  Step step;
  step.engine = "list_cp";
  step.iteration = impl_->kept.sweeps;
  step.seconds = impl_->seconds();
  step.train_rmse = std::sqrt(impl_->squares / static_cast<double>(impl_->lists.count()));
  step.validation_rmse = impl_->rmse;
  step.rank = impl_->state.components();
  return step;
}

Archive ListCpFit::state() const {
  Archive archive;
  list_cp::store(archive, "state.", impl_->state);
  list_cp::store(archive, "best.", impl_->best);
  list_cp::store(archive, "grown.", impl_->grown);
  archive.set("counts", std::vector<std::int64_t>{static_cast<std::int64_t>(impl_->phase), impl_->in_phase, impl_->idle,
                                                  impl_->trial, impl_->last_gain, impl_->kept.sweeps,
                                                  static_cast<std::int64_t>(impl_->kept.stop)});
  archive.set("numbers", std::vector<double>{impl_->best_rmse, impl_->squares, impl_->rmse, impl_->kept.effects_rmse});
  archive.set("message", impl_->kept.message);
  return archive;
}

void ListCpFit::restore(const Archive& state) {
  const std::vector<std::int64_t> counts = state.get_ints("counts", 7);
  const std::vector<double> numbers = state.get_doubles("numbers", 4);
  if (counts[0] < 0 || counts[0] > static_cast<std::int64_t>(Phase::ended) || counts[6] < 0 ||
      counts[6] > static_cast<std::int64_t>(Stop::diverged))
    throw InputError(state.source(), "the state of a fit is damaged", "start again without --resume");
  const list_cp::State like = impl_->best;
  impl_->state = list_cp::load(state, "state.", like);
  impl_->best = list_cp::load(state, "best.", like);
  impl_->grown = list_cp::load(state, "grown.", like);
  impl_->phase = static_cast<Phase>(counts[0]);
  impl_->in_phase = counts[1], impl_->idle = counts[2], impl_->trial = counts[3], impl_->last_gain = counts[4];
  impl_->kept.sweeps = counts[5];
  impl_->kept.stop = static_cast<Stop>(counts[6]);
  impl_->best_rmse = numbers[0], impl_->squares = numbers[1], impl_->rmse = numbers[2];
  impl_->kept.effects_rmse = numbers[3];
  impl_->kept.message = state.get_text("message");
}

ListCpResult ListCpFit::result() const {
  return impl_->result();
}

void ListCpFit::finish(Stop why) {
  if (impl_->phase != Phase::ended) impl_->end(why, "ended from outside");
}

}  // namespace rankflow
