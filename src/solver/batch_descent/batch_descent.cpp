// The loop of mini-batches: an order for the epoch, then gradient and update for each batch of it.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/batch_descent.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "data/archive_numbers.h"
#include "rankflow/error.h"
#include "rankflow/rng.h"
#include "solver/batch_descent/table_pass.h"
#include "solver/descent/optimizer.h"

namespace rankflow {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kStateVersion = 1;
constexpr std::uint64_t kStreamOrder = 0x42;
constexpr Index kEvaluatedAtOnce = 8192;  // cells: their products stay in cache
constexpr Index kStride = 1 << 20;        // epochs between looks at the watchers where they ask for none

template <class T>
const CpFactorization<T>& checked(const BatchProblem<T>& problem, const CpFactorization<T>& model) {
  check(problem);
  if (problem.count() > std::numeric_limits<std::int32_t>::max())
    throw InputError("observed entries", fmt::format("{} of them, expected less than 2^31", problem.count()));
  if (model.shape() != problem.cells.shape())
    throw InputError("the factorization", "its shape is not that of the problem");
  for (const MatrixOf<T>& factor : model.factors)
    if (factor.cols() != model.components() || factor.cols() == 0)
      throw InputError("the factorization", fmt::format("its factors have {} and {} columns, expected the same, not 0",
                                                        model.components(), factor.cols()));
  return model;
}

}  // namespace

template <class T>
struct BatchDescent<T>::Impl {
  Impl(const BatchProblem<T>& given, CpFactorization<T>& given_model, const BatchOptions& given_options)
      : problem(given),
        model(given_model),
        options(given_options),
        pass(given.cells, checked(given, given_model).components()),
        updater({.optimizer = given_options.optimizer,
                 .step_size = given_options.step_size,
                 .momentum = given_options.momentum,
                 .beta = given_options.beta,
                 .epsilon = given_options.epsilon},
                pass.size()),
        weights(static_cast<std::size_t>(pass.size())),
        gradient(static_cast<std::size_t>(pass.size())),
        order(static_cast<std::size_t>(given.count())) {
    check(options);
    pass.pack(model, weights.data());
    pass.set_weights(weights.data());
  }

  void draw_order();
  double update(std::span<const std::int32_t> batch);
  bool epoch();
  double mean_loss();
  std::vector<T> evaluate(const PackedCells& cells);
  bool ended() const { return stop != Stop::not_run; }
  void finish(Stop why, std::string text) {
    stop = why;
    message = std::move(text);
  }
  double seconds_now() const {
    return moment.seconds + std::chrono::duration<double>(Clock::now() - stride_begin).count();
  }

  const BatchProblem<T>& problem;
  CpFactorization<T>& model;
  BatchOptions options;
  batch_descent::TablePass<T> pass;
  descent::Updater<T> updater;
  AlignedVector<T> weights, gradient;  // as pass packs them
  std::vector<std::int32_t> order;
  std::vector<T> x, slope;
  BatchMoment moment;
  Clock::time_point stride_begin = Clock::now();
  Stop stop = Stop::not_run;
  std::string message = "the fit has not run";
};

// Keyed by the epoch: an interrupted run goes on with the same batches.
template <class T>
void BatchDescent<T>::Impl::draw_order() {
  std::iota(order.begin(), order.end(), 0);
  if (!options.shuffled) return;
  Rng rng(options.seed, kStreamOrder, static_cast<std::uint64_t>(moment.epoch));
  for (std::size_t left = order.size(); left > 1; --left) std::swap(order[left - 1], order[rng.below(left)]);
}

// One update; returns the sum of losses of the batch's observations before it.
template <class T>
double BatchDescent<T>::Impl::update(std::span<const std::int32_t> batch) {
  const TensorLoss& loss = problem.loss;
  const double scale = loss.scale(static_cast<Index>(batch.size()));
  x.resize(batch.size());
  slope.resize(batch.size());
  pass.evaluate(problem.cells, batch, x.data());
  double sum = 0;
  for (std::size_t k = 0; k < batch.size(); ++k) {
    const T y = problem.value[static_cast<std::size_t>(batch[k])];
    sum += loss.rho(x[k], y);
    slope[k] = static_cast<T>(scale * loss.slope(x[k], y));
  }
  pass.collect(problem.cells, batch, slope.data(), gradient.data());
  moment.step_size = updater.update(weights.data(), gradient.data());
  pass.set_weights(weights.data());
  ++moment.updates;
  return sum;
}

template <class T>
bool BatchDescent<T>::Impl::epoch() {
  if (moment.epoch >= options.epochs) {
    finish(Stop::iteration_limit, fmt::format("{} epochs are done", moment.epoch));
    return false;
  }
  if (options.max_seconds > 0 && seconds_now() >= options.max_seconds) {
    finish(Stop::time_limit, fmt::format("{} s have passed", options.max_seconds));
    return false;
  }
  draw_order();
  const std::span<const std::int32_t> all(order);
  double sum = 0;
  for (std::size_t begin = 0; begin < all.size(); begin += static_cast<std::size_t>(options.batch))
    sum +=
        update(all.subspan(begin, std::min<std::size_t>(static_cast<std::size_t>(options.batch), all.size() - begin)));
  ++moment.epoch;
  moment.epoch_loss = sum * problem.loss.scale(problem.count());
  if (!std::isfinite(moment.epoch_loss)) {
    finish(Stop::diverged, fmt::format("the loss is not finite in epoch {}; take a smaller step_size", moment.epoch));
    return false;
  }
  if (moment.epoch_loss <= options.loss_tolerance) {
    finish(Stop::converged, fmt::format("the mean loss of epoch {} is {:.3g}", moment.epoch, moment.epoch_loss));
    return false;
  }
  return true;
}

template <class T>
std::vector<T> BatchDescent<T>::Impl::evaluate(const PackedCells& cells) {
  std::vector<T> found(static_cast<std::size_t>(cells.count()));
  std::vector<std::int32_t> listed(static_cast<std::size_t>(std::min(kEvaluatedAtOnce, cells.count())));
  for (Index begin = 0; begin < cells.count(); begin += kEvaluatedAtOnce) {
    listed.resize(static_cast<std::size_t>(std::min(kEvaluatedAtOnce, cells.count() - begin)));
    std::iota(listed.begin(), listed.end(), static_cast<std::int32_t>(begin));
    pass.evaluate(cells, listed, found.data() + begin);
  }
  return found;
}

template <class T>
double BatchDescent<T>::Impl::mean_loss() {
  const std::vector<T> found = evaluate(problem.cells);
  double sum = 0;
  for (std::size_t k = 0; k < found.size(); ++k) sum += problem.loss.rho(found[k], problem.value[k]);
  return sum * problem.loss.scale(problem.count());
}

template <class T>
BatchDescent<T>::BatchDescent(const BatchProblem<T>& problem, CpFactorization<T>& model, const BatchOptions& options)
    : impl_(new Impl(problem, model, options)) {}
template <class T>
BatchDescent<T>::~BatchDescent() = default;

template <class T>
bool BatchDescent<T>::advance(Index epochs) {
  if (impl_->ended()) return false;
  impl_->stride_begin = Clock::now();
  for (Index k = 0; k < epochs; ++k)
    if (!impl_->epoch()) break;
  impl_->pass.unpack(impl_->weights.data(), impl_->model);
  impl_->moment.seconds = impl_->seconds_now();
  return !impl_->ended();
}

template <class T>
const BatchMoment& BatchDescent<T>::moment() const {
  return impl_->moment;
}

template <class T>
double BatchDescent<T>::loss() const {
  return impl_->mean_loss();
}

template <class T>
std::vector<T> BatchDescent<T>::values(const PackedCells& cells) const {
  if (cells.shape() != impl_->problem.cells.shape())
    throw InputError("the cells", "their shape is not that of the problem");
  return impl_->evaluate(cells);
}

template <class T>
Archive BatchDescent<T>::state() const {
  Archive archive;
  archive.set("version", kStateVersion);
  archive.set("weights", std::vector<T>(impl_->weights.begin(), impl_->weights.end()));
  impl_->updater.save(archive);
  archive.set("epoch", impl_->moment.epoch);
  archive.set("updates", impl_->moment.updates);
  archive.set("seconds", impl_->moment.seconds);
  archive.set("epoch_loss", impl_->moment.epoch_loss);
  archive.set("step_size", impl_->moment.step_size);
  return archive;
}

template <class T>
void BatchDescent<T>::restore(const Archive& state) {
  if (state.get_int("version") != kStateVersion)
    throw InputError("the state",
                     fmt::format("is of version {}, expected {}", state.get_int("version"), kStateVersion));
  const std::vector<T> weights = get_numbers<T>(state, "weights", impl_->pass.size());
  impl_->updater.load(state);
  impl_->weights.assign(weights.begin(), weights.end());
  impl_->pass.set_weights(impl_->weights.data());
  impl_->pass.unpack(impl_->weights.data(), impl_->model);
  impl_->moment = {.epoch = state.get_int("epoch"),
                   .updates = state.get_int("updates"),
                   .seconds = state.get_double("seconds"),
                   .epoch_loss = state.get_double("epoch_loss"),
                   .step_size = state.get_double("step_size")};
  impl_->stop = Stop::not_run;
}

template <class T>
BatchResult BatchDescent<T>::result() const {
  return {.stop = impl_->stop,
          .message = impl_->message,
          .epochs = impl_->moment.epoch,
          .updates = impl_->moment.updates,
          .loss = impl_->mean_loss(),
          .seconds = impl_->moment.seconds};
}

template <class T>
void BatchDescent<T>::finish(Stop why) {
  impl_->finish(why, "ended from outside");
}

template <class T>
BatchResult fit_batches(BatchDescent<T>& engine, const BatchOptions& options, std::span<const BatchWatcher> watchers) {
  Index seen = -1;
  const auto look = [&] {  // false if a watcher ended the fit
    const BatchMoment& moment = engine.moment();
    seen = moment.epoch;
    bool go_on = true;
    for (const BatchWatcher& watcher : watchers) go_on = watcher(moment) == Next::proceed && go_on;
    return go_on;
  };
  const Index every = options.record_every > 0 ? options.record_every : kStride;
  bool wanted = look();
  while (wanted && engine.advance(every))
    if (options.record_every > 0) wanted = look();
  if (!wanted)
    engine.finish(Stop::interrupted);
  else if (engine.moment().epoch != seen)
    look();
  return engine.result();
}

#define RANKFLOW_INSTANTIATE(T)   \
  template class BatchDescent<T>; \
  template BatchResult fit_batches<T>(BatchDescent<T>&, const BatchOptions&, std::span<const BatchWatcher>);
RANKFLOW_INSTANTIATE(double)
RANKFLOW_INSTANTIATE(float)
#undef RANKFLOW_INSTANTIATE

}  // namespace rankflow
