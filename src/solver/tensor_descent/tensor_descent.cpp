// The loop of gradient descent on the weights of a factorization of a tensor: evaluate, test, update.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/tensor_descent.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "data/archive_numbers.h"
#include "rankflow/error.h"
#include "solver/descent/optimizer.h"
#include "solver/tensor_descent/postponed.h"

namespace rankflow {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kStateVersion = 1;
constexpr double kShrink = .5, kGrow = 1.05;  // of adaptive steps
constexpr int kMostShrinks = 100;             // 2^-100: nothing is left of the step
constexpr Index kStride = 1 << 20;            // updates between looks at the watchers where they ask for none

template <class T>
std::vector<Index> sizes_of(const std::vector<MatrixOf<T>*>& matrices) {
  std::vector<Index> sizes;
  for (const MatrixOf<T>* matrix : matrices) sizes.push_back(matrix->size());
  return sizes;
}

}  // namespace

template <class T>
struct TensorDescent<T>::Impl {
  Impl(TensorModelLoss<T>& given, const DescentOptions& given_options)
      : loss_function(given),
        options(given_options),
        weights(given.weights()),
        postponed(given.postponed()),
        updater(given_options, sizes_of(weights)),
        next_step(given_options.step_size) {
    check(options);
    if (postponed && (options.optimizer == Optimizer::momentum || options.optimizer == Optimizer::adam))
      throw OptionError("optimizer: weights that are postponed need one step size for all, without memory of gradients",
                        "pass plain, group_rmsprop or normalized, or a loss without windows");
    for (MatrixOf<T>* matrix : weights) {
      x.push_back(matrix->data());
      gradient.emplace_back(MatrixOf<T>::Zero(matrix->rows(), matrix->cols()));
    }
    for (const MatrixOf<T>& matrix : gradient) slope.push_back(matrix.data());
  }

  void evaluate();
  void evaluate_between_strides();
  bool should_stop();
  bool take_adaptive_step();
  bool step();
  void finish(Stop why, std::string message);
  bool ended() const { return stop != Stop::not_run; }
  double postponed_norm() const { return postponed ? postponed->squared_norm() : 0; }
  // Between strides the model is shown as it is now.
  void show() {
    if (postponed) postponed->show();
  }
  void hide() {
    if (postponed) postponed->hide();
  }
  double seconds_now() const { return seconds + std::chrono::duration<double>(Clock::now() - stride_begin).count(); }

  TensorModelLoss<T>& loss_function;
  DescentOptions options;
  std::vector<MatrixOf<T>*> weights;
  tensor_descent::Postponed* postponed;  // null: all weights move in each update
  std::vector<MatrixOf<T>> gradient;
  std::vector<T*> x;
  std::vector<const T*> slope;  // gradient's numbers
  descent::Updater<T> updater;

  bool evaluated = false;
  double loss = kNaN;
  Index iteration = 0, tests_passed = 0;
  double time = 0, step_size = kNaN, next_step, seconds = 0;
  Clock::time_point stride_begin = Clock::now();
  Stop stop = Stop::not_run;
  std::string message = "the fit has not run";
  TensorMoment moment;
};

template <class T>
void TensorDescent<T>::Impl::evaluate() {
  if (evaluated) return;
  loss = loss_function.gradient(gradient);
  evaluated = true;
}

// What watchers ask for is not evaluated again by the next step, so its time counts.
template <class T>
void TensorDescent<T>::Impl::evaluate_between_strides() {
  if (evaluated) return;
  stride_begin = Clock::now();
  hide();
  evaluate();
  show();
  seconds = seconds_now();
}

template <class T>
void TensorDescent<T>::Impl::finish(Stop why, std::string words) {
  stop = why;
  message = std::move(words);
}

template <class T>
bool TensorDescent<T>::Impl::should_stop() {
  if (!std::isfinite(loss)) {
    finish(Stop::diverged, fmt::format("the loss is not finite after {} updates: the step is too large", iteration));
  } else if (iteration % options.test_every == 0) {
    tests_passed = loss <= options.loss_tolerance ? tests_passed + 1 : 0;
    if (tests_passed >= options.patience)
      finish(Stop::converged, fmt::format("the loss {:.3g} reached its tolerance", loss));
  }
  if (!ended() && iteration >= options.max_iterations)
    finish(Stop::iteration_limit, fmt::format("{} updates were made", iteration));
  if (!ended() && options.max_seconds > 0 && seconds_now() > options.max_seconds)
    finish(Stop::time_limit, "the time limit was reached");
  return ended();
}

// The step halves until the loss does not rise. (Vogl et al. 1988 change the step by the same rule.)
template <class T>
bool TensorDescent<T>::Impl::take_adaptive_step() {
  const double loss_before = loss;
  std::vector<MatrixOf<T>> before;
  for (const MatrixOf<T>* matrix : weights) before.push_back(*matrix);
  for (int shrinks = 0; shrinks < kMostShrinks; ++shrinks) {
    updater.subtract(x, slope, next_step);
    loss = loss_function.loss();
    if (loss <= loss_before) {
      step_size = next_step;
      next_step *= kGrow;
      evaluated = false;
      return true;
    }
    for (std::size_t p = 0; p < weights.size(); ++p) *weights[p] = before[p];
    next_step *= kShrink;
  }
  loss = loss_before;
  finish(Stop::converged, "the loss does not fall any further with any step: round-off is reached");
  return false;
}

template <class T>
bool TensorDescent<T>::Impl::step() {
  if (ended() || should_stop()) return false;
  if (options.adaptive) {
    if (!take_adaptive_step()) return false;
  } else {
    step_size = updater.update(x, slope, postponed_norm());
    evaluated = false;
  }
  if (postponed) postponed->moved(step_size);
  time += step_size;
  ++iteration;
  return true;
}

template <class T>
TensorDescent<T>::TensorDescent(TensorModelLoss<T>& loss, const DescentOptions& options)
    : impl_(new Impl(loss, options)) {}
template <class T>
TensorDescent<T>::~TensorDescent() = default;

template <class T>
bool TensorDescent<T>::advance(Index iterations) {
  if (impl_->ended()) return false;
  impl_->stride_begin = Clock::now();
  impl_->hide();
  for (Index k = 0; k < iterations; ++k) {
    impl_->evaluate();
    if (!impl_->step()) break;
  }
  impl_->show();
  impl_->seconds = impl_->seconds_now();
  return !impl_->ended();
}

template <class T>
const TensorMoment& TensorDescent<T>::moment() const {
  impl_->evaluate_between_strides();
  impl_->moment = {.iteration = impl_->iteration,
                   .time = impl_->time,
                   .seconds = impl_->seconds,
                   .loss = impl_->loss,
                   .step_size = impl_->step_size,
                   .gradient_norm = std::sqrt(impl_->updater.squared_norm(impl_->slope) + impl_->postponed_norm())};
  return impl_->moment;
}

template <class T>
Archive TensorDescent<T>::state() const {
  Archive archive;
  impl_->hide();
  if (impl_->postponed) impl_->postponed->save(archive);
  std::vector<T> all;
  for (const MatrixOf<T>* matrix : impl_->weights)
    all.insert(all.end(), matrix->data(), matrix->data() + matrix->size());
  archive.set("version", kStateVersion);
  archive.set("weights", all);
  impl_->show();
  impl_->updater.save(archive);
  archive.set("iteration", impl_->iteration);
  archive.set("tests_passed", impl_->tests_passed);
  archive.set("time", impl_->time);
  archive.set("step_size", impl_->step_size);
  archive.set("next_step", impl_->next_step);
  archive.set("seconds", impl_->seconds);
  return archive;
}

template <class T>
void TensorDescent<T>::restore(const Archive& state) {
  if (state.get_int("version") != kStateVersion)
    throw InputError("the state",
                     fmt::format("is of version {}, expected {}", state.get_int("version"), kStateVersion));
  Index size = 0;
  for (const MatrixOf<T>* matrix : impl_->weights) size += matrix->size();
  const std::vector<T> all = get_numbers<T>(state, "weights", size);
  impl_->hide();
  impl_->updater.load(state);
  if (impl_->postponed) impl_->postponed->load(state);
  const T* from = all.data();
  for (MatrixOf<T>* matrix : impl_->weights) {
    std::copy(from, from + matrix->size(), matrix->data());
    from += matrix->size();
  }
  impl_->iteration = state.get_int("iteration");
  impl_->tests_passed = state.get_int("tests_passed");
  impl_->time = state.get_double("time");
  impl_->step_size = state.get_double("step_size");
  impl_->next_step = state.get_double("next_step");
  impl_->seconds = state.get_double("seconds");
  impl_->evaluated = false;
  impl_->stop = Stop::not_run;
  impl_->show();
}

template <class T>
TensorDescentResult TensorDescent<T>::result() const {
  impl_->evaluate_between_strides();
  return {.stop = impl_->stop,
          .message = impl_->message,
          .iterations = impl_->iteration,
          .loss = impl_->loss,
          .time = impl_->time,
          .seconds = impl_->seconds};
}

template <class T>
void TensorDescent<T>::finish(Stop why) {
  impl_->finish(why, "ended from outside");
}

template <class T>
TensorDescentResult fit_descent(TensorModelLoss<T>& loss, const DescentOptions& options,
                                std::span<const TensorWatcher> watchers) {
  TensorDescent<T> engine(loss, options);
  Index seen = -1;
  const auto look = [&] {  // false if a watcher ended the fit
    const TensorMoment& moment = engine.moment();
    seen = moment.iteration;
    if (!std::isfinite(moment.loss)) return true;  // a diverged point has nothing to look at
    bool go_on = true;
    for (const TensorWatcher& watcher : watchers) go_on = watcher(moment) == Next::proceed && go_on;
    return go_on;
  };
  const Index every = options.record_every > 0 ? options.record_every : kStride;
  bool wanted = look();
  while (wanted && engine.advance(every))
    if (options.record_every > 0) wanted = look();
  if (!wanted) {
    engine.finish(Stop::interrupted);
  } else if (engine.moment().iteration != seen) {
    look();
  }
  return engine.result();
}

#define RANKFLOW_INSTANTIATE(T)                                                           \
  template class TensorDescent<T>;                                                        \
  template TensorDescentResult fit_descent<T>(TensorModelLoss<T>&, const DescentOptions&, \
                                              std::span<const TensorWatcher>);
RANKFLOW_INSTANTIATE(double)
RANKFLOW_INSTANTIATE(float)
#undef RANKFLOW_INSTANTIATE

}  // namespace rankflow
