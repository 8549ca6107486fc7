// The loop of gradient descent on all factors of a deep matrix factorization.
// SPDX-License-Identifier: Apache-2.0
#include "solver/descent/engine.h"

#include <fmt/format.h>

#include <cmath>

#include "base/threads.h"
#include "data/archive_numbers.h"
#include "rankflow/error.h"

namespace rankflow::descent {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kStateVersion = 1;
constexpr double kShrink = .5, kGrow = 1.05;  // of adaptive steps
constexpr int kMostShrinks = 100;             // 2^-100: nothing is left of the step
constexpr Index kClockEvery = 64;             // iterations between looks at the clock where they are short
constexpr std::size_t kShort = 4096;          // numbers in all factors: then an iteration takes microseconds

template <class T>
std::vector<Index> dims_of(const MatrixProblem<T>& problem, const DeepFactorization<T>& model) {
  if (model.factors.empty()) throw InputError("the start", "it has no factors");
  std::vector<Index> dims = {model.num_columns()};
  for (const MatrixOf<T>& factor : model.factors) {
    if (factor.cols() != dims.back())
      throw InputError("the start", fmt::format("factor {} is {} x {}, but the one before has {} rows", dims.size(),
                                                factor.rows(), factor.cols(), dims.back()));
    dims.push_back(factor.rows());
  }
  if (dims.front() != problem.num_columns || dims.back() != problem.num_rows)
    throw InputError("the start", fmt::format("its product is {} x {}, expected {} x {}", dims.back(), dims.front(),
                                              problem.num_rows, problem.num_columns));
  return dims;
}

}  // namespace

template <class T>
Engine<T>::Engine(const MatrixProblem<T>& problem, const DeepFactorization<T>& start, const DescentOptions& options)
    : problem_(problem),
      options_(options),
      objective_(make_objective(problem, dims_of(problem, start))),
      x_(objective_->layout().size()),
      gradient_(x_.size()),
      updater_(options, static_cast<Index>(x_.size())),
      next_step_(options.step_size) {
  check(options);
  num_threads();  // one BLAS thread, before the first product
  objective_->layout().write(start, x_.data());
  if (options.adaptive) {
    x_before_.resize(x_.size());
    gradient_before_.resize(x_.size());
  }
}

template <class T>
void Engine<T>::evaluate() {
  if (evaluated_) return;
  loss_ = objective_->evaluate(x_.data(), gradient_.data());
  evaluated_ = true;
}

template <class T>
SensingRun<T>* Engine<T>::begin_evaluation() {
  return evaluated_ ? nullptr : objective_->begin(x_.data());
}

template <class T>
void Engine<T>::end_evaluation(const SensingRun<T>& run) {
  objective_->end(x_.data(), gradient_.data());
  loss_ = run.loss;
  evaluated_ = true;
}

template <class T>
bool Engine<T>::should_stop() {
  if (!std::isfinite(loss_)) {
    finish(Stop::diverged, fmt::format("the loss is not finite after {} updates: the step is too large", iteration_));
  } else if (iteration_ % options_.test_every == 0) {
    tests_passed_ = loss_ <= options_.loss_tolerance ? tests_passed_ + 1 : 0;
    if (tests_passed_ >= options_.patience)
      finish(Stop::converged, fmt::format("the loss {:.3g} reached its tolerance", loss_));
  }
  if (!ended() && iteration_ >= options_.max_iterations)
    finish(Stop::iteration_limit, fmt::format("{} updates were made", iteration_));
  if (!ended() && options_.max_seconds > 0 && (x_.size() > kShort || iteration_ % kClockEvery == 0) &&
      seconds_ + std::chrono::duration<double>(Clock::now() - stride_begin_).count() > options_.max_seconds)
    finish(Stop::time_limit, "the time limit was reached");
  return ended();
}

// The step halves until the loss does not rise. (Vogl et al. 1988 change the step by the same rule.)
template <class T>
bool Engine<T>::take_adaptive_step() {
  x_before_ = x_;
  gradient_before_ = gradient_;
  const double loss_before = loss_;
  for (int shrinks = 0; shrinks < kMostShrinks; ++shrinks) {
    updater_.subtract(x_.data(), gradient_before_.data(), next_step_);
    evaluated_ = false;
    evaluate();
    if (loss_ <= loss_before) {
      step_size_ = next_step_;
      next_step_ *= kGrow;
      return true;
    }
    x_ = x_before_;
    next_step_ *= kShrink;
  }
  gradient_ = gradient_before_;
  loss_ = loss_before;
  finish(Stop::converged, "the loss does not fall any further with any step: round-off is reached");
  return false;
}

template <class T>
bool Engine<T>::step() {
  if (ended() || should_stop()) return false;
  if (options_.adaptive) {
    if (!take_adaptive_step()) return false;
  } else {
    step_size_ = updater_.update(x_.data(), gradient_.data());
    evaluated_ = false;
  }
  time_ += step_size_;
  ++iteration_;
  return true;
}

template <class T>
bool Engine<T>::advance(Index iterations) {
  if (ended()) return false;
  stride_begin_ = Clock::now();
  for (Index k = 0; k < iterations; ++k) {
    evaluate();
    if (!step()) break;
  }
  seconds_ += std::chrono::duration<double>(Clock::now() - stride_begin_).count();
  return !ended();
}

template <class T>
void Engine<T>::finish(Stop why, std::string message) {
  stop_ = why;
  message_ = std::move(message);
}

template <class T>
Archive Engine<T>::state() const {
  Archive archive;
  archive.set("version", kStateVersion);
  archive.set("factors", std::vector<T>(x_.begin(), x_.end()));
  updater_.save(archive);
  archive.set("iteration", iteration_);
  archive.set("tests_passed", tests_passed_);
  archive.set("time", time_);
  archive.set("step_size", step_size_);
  archive.set("next_step", next_step_);
  archive.set("seconds", seconds_);
  return archive;
}

template <class T>
void Engine<T>::restore(const Archive& state) {
  if (state.get_int("version") != kStateVersion)
    throw InputError("the state",
                     fmt::format("is of version {}, expected {}", state.get_int("version"), kStateVersion));
  const std::vector<T> x = get_numbers<T>(state, "factors", static_cast<Index>(x_.size()));
  x_.assign(x.begin(), x.end());
  updater_.load(state);
  iteration_ = state.get_int("iteration");
  tests_passed_ = state.get_int("tests_passed");
  time_ = state.get_double("time");
  step_size_ = state.get_double("step_size");
  next_step_ = state.get_double("next_step");
  seconds_ = state.get_double("seconds");
  evaluated_ = false;
  stop_ = Stop::not_run;
}

template <class T>
DescentResult<T> Engine<T>::result() const {
  DescentResult<T> result;
  result.model = model();
  result.stop = stop_;
  result.message = message_;
  result.iterations = iteration_;
  result.loss = loss_;
  result.time = time_;
  result.seconds = seconds_;
  return result;
}

template class Engine<double>;
template class Engine<float>;

}  // namespace rankflow::descent
