// One fit of the flow: which paths are tried in which order, and which of their ends is taken.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/flow.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

#include "base/threads.h"
#include "rankflow/error.h"
#include "solver/flow/finish.h"
#include "solver/flow/path.h"
#include "solver/flow/refit.h"

namespace rankflow {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::int64_t kStateVersion = 1;
constexpr double kDecayFactors[] = {1.2, 1.05, .9, .8, .7, .6};
constexpr Index kFirstFactor = 2;  // the search over decay factors starts here and goes on from the best, up or down
constexpr Index kGreedy = -1;      // instead of the number of a decay factor
constexpr Index kVanishing = -2;
constexpr Index kFaithful = -3;
// The vanishing decay is tried unasked where it can help and takes a second or two: few of the cells observed (with
// many of them greedy entry finds an exact low rank itself), and rows * columns * smaller of both at most this.
constexpr double kFewObserved = .35, kSmallProblem = 4e6;

}  // namespace

namespace flow {
Index Problem::max_rank() const {
  Index most = std::min(train.num_rows(), train.num_columns());
  if (options.motion == Motion::fast && options.stop_at_rank > 0) most = std::min(most, options.stop_at_rank);
  return options.max_rank > 0 ? std::min(options.max_rank, most) : most;
}
}  // namespace flow

template <class T>
struct Flow<T>::Impl {
  FlowOptions options;
  std::unique_ptr<flow::Loss> train;
  Observations<T> validation_set;
  std::unique_ptr<flow::Loss> validation;
  std::optional<flow::Problem> problem;
  std::optional<FlowPath> repeat;
  std::optional<LowRankModel> from;

  std::unique_ptr<flow::Path> path;
  std::optional<flow::Candidate> best;
  Index iterations = 0;
  Stop stop = Stop::not_run;
  double seconds_before = 0;
  Clock::time_point started = Clock::now();

  Impl(const Observations<T>& observations, const EntryList<T>& held, const FlowOptions& given) : options(given) {
    check(options);
    if (options.tolerance == 0) options.tolerance = options.motion == Motion::faithful ? 1e-3 : 1e-10;
    num_threads();  // one BLAS thread, before the first product
    train = flow::make_observed_loss(observations);
    if (held.count() > 0) {
      validation_set = make_observations(observations.num_rows, observations.num_columns, held);
      validation = flow::make_observed_loss(validation_set);
    }
    const Biases biases = fit_biases(observations, options.centering);
    flow::Point start = flow::point_of_rank_zero(observations.num_rows, observations.num_columns);
    start.mean = biases.mean;
    start.row_bias = biases.row;
    start.column_bias = biases.column;
    problem.emplace(flow::Problem{
        *train, validation.get(), options, start, biases.noise, biases.row_shrinkage(), biases.column_shrinkage(), {}});
    problem->first_pairs = std::make_shared<flow::Pairs>();
  }

  double seconds() const { return seconds_before + std::chrono::duration<double>(Clock::now() - started).count(); }

  // One path of the plan: which one, and the validation error of its end.
  struct Tried {
    Index number;
    double validation_rmse;
  };
  std::vector<Tried> tried;
  std::optional<Index> current;  // the path under way

  static Index number_of(FlowStrategy strategy) {
    if (strategy == FlowStrategy::vanishing_decay) return kVanishing;
    return strategy == FlowStrategy::noisy ? 0 : kGreedy;
  }

  bool few_and_small() const {
    const double m = static_cast<double>(train->num_rows()), n = static_cast<double>(train->num_columns());
    return m * n * std::min(m, n) <= kSmallProblem && static_cast<double>(train->count()) <= kFewObserved * m * n;
  }

  // The path to take next; nullopt at the end of the plan. Noisy paths: the next smaller decay factor after the best
  // one so far, then the next larger one, until both neighbours of the best have been tried.
  std::optional<Index> next_path() const {
    if (options.motion == Motion::faithful) return tried.empty() ? std::optional(kFaithful) : std::nullopt;
    if (repeat) return tried.empty() ? std::optional(number_of(repeat->strategy)) : std::nullopt;
    const bool automatic = options.strategy == FlowStrategy::automatic;
    if (!automatic && options.strategy != FlowStrategy::noisy)
      return tried.empty() ? std::optional(number_of(options.strategy)) : std::nullopt;
    if (automatic && tried.empty()) return kGreedy;
    if (best && best->solved) return std::nullopt;
    if (automatic && options.thorough && tried.size() == 1 && few_and_small()) return kVanishing;
    if (automatic && (!validation || best->matched)) return std::nullopt;
    std::vector<double> error(std::size(kDecayFactors), kNaN);
    Index winner = -1;
    for (const Tried& path_end : tried) {
      if (path_end.number < 0) continue;
      error[path_end.number] = path_end.validation_rmse;
      if (winner < 0 || path_end.validation_rmse < error[winner]) winner = path_end.number;
    }
    if (winner < 0) return kFirstFactor;
    if (!validation) return std::nullopt;
    if (winner + 1 < static_cast<Index>(error.size()) && std::isnan(error[winner + 1])) return winner + 1;
    if (winner > 0 && std::isnan(error[winner - 1])) return winner - 1;
    return std::nullopt;
  }

  std::unique_ptr<flow::Path> make_path(Index number) const {
    if (number == kFaithful) return flow::make_faithful(*problem, from ? &*from : nullptr);
    if (number == kGreedy) return flow::make_greedy(*problem, repeat ? repeat->steps : 0);
    if (number == kVanishing) return flow::make_vanishing_decay(*problem);
    if (repeat) return flow::make_noisy(*problem, *repeat, true);
    return flow::make_noisy(*problem, {FlowStrategy::noisy, kDecayFactors[number], 0}, false);
  }

  // Starts the next path of the plan; false if there is none.
  bool begin_path() {
    current = next_path();
    if (current) path = make_path(*current);
    return current.has_value();
  }

  bool better(const flow::Candidate& one, const flow::Candidate& other) const {
    if (one.solved != other.solved) return one.solved;
    if (validation) return one.validation_rmse < other.validation_rmse;
    return one.matched && !other.matched;
  }

  // The end of a path: the better one is kept.
  void conclude() {
    const flow::Candidate candidate = path->best();
    tried.push_back({*current, candidate.validation_rmse});
    if (!best || better(candidate, *best)) best = candidate;
    path.reset();
  }

  void finish(Stop why) {
    if (stop != Stop::not_run) return;
    if (path) {
      const flow::Candidate candidate = path->best();
      if (!best || better(candidate, *best)) best = candidate;
    }
    stop = why;
  }

  bool step() {
    if (stop != Stop::not_run) return false;
    if (!path) begin_path();
    while (!path->step()) {
      conclude();
      if (begin_path()) continue;
      stop = best->stop;
      return false;
    }
    ++iterations;
    if (iterations >= options.max_iterations) finish(Stop::iteration_limit);
    if (options.max_seconds > 0 && seconds() > options.max_seconds) finish(Stop::time_limit);
    return true;
  }

  flow::Candidate outcome() const {
    if (stop == Stop::not_run && path) {
      const flow::Candidate candidate = path->best();
      if (!best || better(candidate, *best)) return candidate;
    }
    return best ? *best : flow::Candidate{problem->start, kNaN, kNaN, {}, 0, false, false, Stop::not_run, ""};
  }

  FlowState state() const {
    FlowState state;
    Archive& archive = state.archive;
    archive.set("flow.version", kStateVersion);
    archive.set("flow.shape", std::vector<std::int64_t>{train->num_rows(), train->num_columns(), train->count(),
                                                        validation ? validation->count() : 0});
    std::vector<std::int64_t> numbers;
    std::vector<double> errors;
    for (const Tried& path_end : tried) numbers.push_back(path_end.number), errors.push_back(path_end.validation_rmse);
    archive.set("flow.tried", numbers);
    archive.set("flow.tried_rmse", errors);
    archive.set("flow.iterations", static_cast<std::int64_t>(iterations));
    archive.set("flow.stop", static_cast<std::int64_t>(stop));
    archive.set("flow.seconds", seconds());
    archive.set("flow.has_best", static_cast<std::int64_t>(best.has_value()));
    archive.set("flow.has_path", static_cast<std::int64_t>(path != nullptr));
    if (best) flow::save(archive, "flow.best", *best);
    if (path) path->save(archive);
    return state;
  }

  void load(const FlowState& state) {
    const Archive& archive = state.archive;
    if (archive.get_int("flow.version") != kStateVersion)
      throw InputError("flow.version", "found version " + std::to_string(archive.get_int("flow.version")) +
                                           ", expected " + std::to_string(kStateVersion));
    const auto shape = archive.get_ints("flow.shape", 4);
    const std::vector<std::int64_t> expected{train->num_rows(), train->num_columns(), train->count(),
                                             validation ? validation->count() : 0};
    if (shape != expected)
      throw InputError("flow.shape",
                       "the state belongs to other data: rows, columns, observations or validation "
                       "entries differ",
                       "resume with the files and options of the interrupted run");
    const auto numbers = archive.get_ints("flow.tried");
    const auto errors = archive.get_doubles("flow.tried_rmse", static_cast<Index>(numbers.size()));
    for (std::size_t k = 0; k < numbers.size(); ++k) {
      if (numbers[k] < kFaithful || numbers[k] >= static_cast<Index>(std::size(kDecayFactors)))
        throw InputError("flow.tried", "found path " + std::to_string(numbers[k]) + ", expected -3 to 5");
      tried.push_back({numbers[k], errors[k]});
    }
    iterations = archive.get_int("flow.iterations");
    stop = flow::stop_from(archive.get_int("flow.stop"), "flow.stop");
    // A limit may be raised and an interruption taken back; an end is an end.
    if (stop == Stop::iteration_limit || stop == Stop::time_limit || stop == Stop::interrupted) stop = Stop::not_run;
    seconds_before = archive.get_double("flow.seconds");
    if (archive.get_int("flow.has_best") != 0) best = flow::load_candidate(archive, "flow.best", problem->start);
    if (archive.get_int("flow.has_path") != 0) {
      if (!begin_path()) throw InputError("flow.tried", "a path is under way, but the plan has ended");
      path->load(archive);
    }
  }
};

template <class T>
Flow<T>::Flow(const Observations<T>& train, const EntryList<T>& validation, const FlowOptions& options,
              const FlowState* resume)
    : impl_(std::make_unique<Impl>(train, validation, options)) {
  if (resume != nullptr && !resume->empty()) impl_->load(*resume);
}

template <class T>
Flow<T>::Flow(const Observations<T>& train, const FlowOptions& options, const FlowPath& path, const FlowState* resume)
    : impl_(std::make_unique<Impl>(train, EntryList<T>{}, options)) {
  impl_->repeat = path;
  if (resume != nullptr && !resume->empty()) impl_->load(*resume);
}

template <class T>
Flow<T>::Flow(const Observations<T>& train, const EntryList<T>& validation, const FlowOptions& options,
              const LowRankModel& start, const FlowState* resume)
    : impl_(std::make_unique<Impl>(train, validation, options)) {
  if (start.num_rows() != train.num_rows || start.num_columns() != train.num_columns)
    throw InputError("start", "the model to start from has another shape than the observations");
  impl_->options.motion = Motion::faithful;
  impl_->problem->start.mean = start.mean;
  impl_->problem->start.row_bias = start.row_bias;
  impl_->problem->start.column_bias = start.column_bias;
  impl_->from = start;
  if (resume != nullptr && !resume->empty()) impl_->load(*resume);
}

template <class T>
Flow<T>::~Flow() = default;
template <class T>
Flow<T>::Flow(Flow&&) noexcept = default;

template <class T>
bool Flow<T>::step() {
  return impl_->step();
}

template <class T>
Step Flow<T>::last_step() const {
  Step step;
  step.engine = "flow";
  step.stage = impl_->repeat ? "refit" : impl_->validation ? "validate" : "fit";
  step.iteration = impl_->iterations;
  step.seconds = impl_->seconds();
  if (!impl_->path) return step;
  const flow::Path::Where where = impl_->path->where();
  step.time = where.time;
  step.step_size = where.step_size;
  step.train_rmse = flow::rmse(*impl_->train, where.loss);
  step.validation_rmse = where.validation_rmse;
  step.rank = where.point->width();
  step.effective_rank = effective_rank(where.point->s);
  step.singular_values.assign(where.point->s.begin(), where.point->s.end());
  return step;
}

template <class T>
FlowState Flow<T>::state() const {
  return impl_->state();
}

template <class T>
void Flow<T>::finish(Stop why) {
  impl_->finish(why);
}

template <class T>
FlowResult Flow<T>::result() const {
  const flow::Candidate candidate = impl_->outcome();
  FlowResult result;
  result.model = candidate.point;
  result.stop = impl_->stop;
  result.message = candidate.message;
  if (impl_->stop == Stop::iteration_limit) result.message = "stopped by max_iterations; " + result.message;
  if (impl_->stop == Stop::time_limit) result.message = "stopped by max_seconds; " + result.message;
  if (impl_->stop == Stop::interrupted) result.message = "interrupted; " + result.message;
  result.iterations = impl_->iterations;
  result.train_rmse = candidate.train_rmse;
  result.validation_rmse = candidate.validation_rmse;
  result.path = candidate.path;
  result.solved = candidate.solved;
  result.time = candidate.time;
  result.seconds = impl_->seconds();
  return result;
}

namespace {

template <class T>
FlowResult run(Flow<T>& flow, std::span<const Observer> observers) {
  while (flow.step()) {
    if (observers.empty()) continue;
    const Step step = flow.last_step();
    for (const Observer& observer : observers)
      if (observer(step) == Next::finish) flow.finish(Stop::interrupted);
  }
  return flow.result();
}

}  // namespace

template <class T>
FlowResult fit_flow(const Observations<T>& train, const EntryList<T>& validation, const FlowOptions& options,
                    const FlowState* resume_from, std::span<const Observer> observers) {
  Flow<T> flow(train, validation, options, resume_from);
  return run(flow, observers);
}

template <class T>
FlowResult refit_flow(const Observations<T>& observations, const FlowResult& validated, const FlowOptions& options,
                      std::span<const Observer> observers) {
  Flow<T> flow(observations, options, validated.path);
  FlowResult refit = run(flow, observers);
  if (refit.stop == Stop::interrupted) return refit;
  refit.validation_rmse = validated.validation_rmse;
  if (!flow::refit_failed(refit.stop, refit.model, refit.train_rmse, validated.model, validated.train_rmse))
    return refit;
  FlowResult kept = validated;
  kept.message += flow::kRefitDropped;
  kept.seconds += refit.seconds;
  return kept;
}

template <class T>
FlowResult follow_flow(const Observations<T>& train, const LowRankModel& start, const FlowOptions& options,
                       std::span<const Observer> observers) {
  const EntryList<T> none;
  Flow<T> flow(train, none, options, start);
  return run(flow, observers);
}

#define RANKFLOW_INSTANTIATE(T)                                                                                      \
  template class Flow<T>;                                                                                            \
  template FlowResult fit_flow<T>(const Observations<T>&, const EntryList<T>&, const FlowOptions&, const FlowState*, \
                                  std::span<const Observer>);                                                        \
  template FlowResult follow_flow<T>(const Observations<T>&, const LowRankModel&, const FlowOptions&,                \
                                     std::span<const Observer>);                                                     \
  template FlowResult refit_flow<T>(const Observations<T>&, const FlowResult&, const FlowOptions&,                   \
                                    std::span<const Observer>);
RANKFLOW_INSTANTIATE(double)
RANKFLOW_INSTANTIATE(float)
#undef RANKFLOW_INSTANTIATE

}  // namespace rankflow
