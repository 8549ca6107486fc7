// The flow on matrix problems: chooses the path, stops it at the moments asked for, and shows it to watchers.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/flow_problem.h"

#include <chrono>
#include <cmath>
#include <limits>

#include "base/threads.h"
#include "linalg/decompositions.h"
#include "rankflow/error.h"
#include "solver/flow/flow_snapshot.h"
#include "solver/flow/measured_loss.h"
#include "solver/flow/path.h"
#include "solver/flow/single_factor.h"

namespace rankflow {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kZero = 1e-15;  // of the largest singular value of a start: nothing

// The clock, the limits and the watchers of one run.
class Watch {
 public:
  Watch(const FlowOptions& options, std::span<const Watcher> watchers, const FlowMoments& moments)
      : options_(options), watchers_(watchers), moments_(moments.times) {
    for (std::size_t k = 0; k < moments_.size(); ++k)
      if (!(moments_[k] >= 0) || (k > 0 && !(moments_[k] > moments_[k - 1])))
        throw OptionError("the moments of a flow are not ascending", "give times from 0 on, each larger than the last");
  }

  /// The next time at which a step has to end.
  double next_moment() const { return next_ < moments_.size() ? moments_[next_] : kInfinity; }

  /// Shows the point; false if a watcher wants no more.
  bool show(Snapshot& snapshot, Index iteration, double time, double loss, double step_size) {
    const auto begin = Clock::now();
    snapshot.iteration = iteration;
    snapshot.time = time;
    snapshot.loss = loss;
    snapshot.step_size = step_size;
    snapshot.seconds = seconds();
    bool proceed = true;
    for (const Watcher& watcher : watchers_) proceed = watcher(snapshot) == Next::proceed && proceed;
    watching_ += Clock::now() - begin;
    last_shown_ = iteration;
    return proceed;
  }
  bool shown(Index iteration) const { return last_shown_ == iteration; }
  /// Is this point one that was asked for? Moves on to the next moment.
  bool due(double time) {
    if (moments_.empty()) return !watchers_.empty();
    const bool reached = time >= next_moment();
    while (time >= next_moment()) ++next_;
    return reached && !watchers_.empty();
  }
  double seconds() const { return std::chrono::duration<double>(Clock::now() - started_ - watching_).count(); }
  Stop limit(Index iterations) const {
    if (iterations >= options_.max_iterations) return Stop::iteration_limit;
    if (options_.max_seconds > 0 && seconds() > options_.max_seconds) return Stop::time_limit;
    return Stop::not_run;
  }

 private:
  const FlowOptions& options_;
  std::span<const Watcher> watchers_;
  std::vector<double> moments_;
  std::size_t next_ = 0;
  Index last_shown_ = -1;
  Clock::time_point started_ = Clock::now();
  Clock::duration watching_{};
};

std::string message(Stop stop, const std::string& otherwise) {
  if (stop == Stop::iteration_limit) return "stopped by max_iterations; " + otherwise;
  if (stop == Stop::time_limit) return "stopped by max_seconds; " + otherwise;
  if (stop == Stop::interrupted) return "interrupted; " + otherwise;
  return otherwise;
}

// `unit`: the problem's loss over that of the path.
FlowResult follow(flow::Path& path, flow::Loss& loss, double unit, Watch& watch) {
  FlowResult result;
  const auto show = [&] {
    const flow::Path::Where where = path.where();
    flow::FlowSnapshot snapshot(loss, *where.point, unit);
    const double time = std::isnan(where.time) ? 0 : where.time;
    if (!watch.show(snapshot, result.iterations, time, unit * where.loss, where.step_size))
      result.stop = Stop::interrupted;
  };
  watch.due(0);
  show();
  while (result.stop == Stop::not_run) {
    path.not_beyond(watch.next_moment());
    if (!path.step()) {
      result.stop = path.best().stop;
      break;
    }
    ++result.iterations;
    if (watch.due(path.where().time)) show();
    if (result.stop == Stop::not_run) result.stop = watch.limit(result.iterations);
  }
  if (!watch.shown(result.iterations)) {
    const Stop before = result.stop;
    show();
    result.stop = before;
  }
  const flow::Candidate best = path.best();
  result.model = best.point;
  result.message = message(result.stop, best.message);
  result.train_rmse = best.train_rmse;
  result.path = best.path;
  result.solved = best.solved;
  result.time = best.time;
  result.seconds = watch.seconds();
  return result;
}

FlowResult follow_single(flow::Loss& loss, const Matrix& start, const FlowOptions& options, Watch& watch) {
  FlowResult result;
  flow::SingleFactor engine(loss, start, options);
  const double end = options.max_time > 0 ? options.max_time : kInfinity;
  const double enough = options.tolerance * std::sqrt(loss.squares() / 2);
  const auto show = [&] {
    flow::MatrixSnapshot snapshot(engine.w(), engine.gradient());
    return watch.show(snapshot, result.iterations, engine.time(), engine.loss(), engine.last_step());
  };
  const auto end_with = [&](Stop stop, const char* why) { result.stop = stop, result.message = why; };
  watch.due(0);
  if (!show()) end_with(Stop::interrupted, "interrupted at the start");
  while (result.stop == Stop::not_run) {
    if (!engine.step(std::min(end, watch.next_moment()))) {
      end_with(Stop::diverged, "no step size gives the accuracy asked for");
      break;
    }
    ++result.iterations;
    const Stop limit = watch.limit(result.iterations);
    if (limit != Stop::not_run) end_with(limit, "the flow was under way");
    if (std::sqrt(engine.loss()) < enough) end_with(Stop::converged, "the residual fell below the tolerance");
    if (engine.time() >= end) end_with(Stop::converged, "the flow reached max_time");
    if (watch.due(engine.time()) && !show()) end_with(Stop::interrupted, "the flow was under way");
  }
  if (!watch.shown(result.iterations)) show();
  const Svd<double> parts = svd<double>(engine.w());
  result.model = flow::point_of_rank_zero(start.rows(), start.cols());
  result.model.u = parts.u, result.model.s = parts.s, result.model.v = parts.v;
  result.message = message(result.stop, result.message);
  result.train_rmse = flow::rmse(loss, engine.loss());
  result.time = engine.time();
  result.seconds = watch.seconds();
  return result;
}

// Checked, with the defaults that depend on the motion filled in.
FlowOptions settled(const FlowOptions& given, Motion motion) {
  FlowOptions options = given;
  options.motion = motion;
  if (options.depth == 1) options.depth = 2;  // follow_flow() allows 1
  check(options);
  options.depth = given.depth;
  if (options.centering != Centering::none) throw OptionError("a matrix problem has no biases", "take centering none");
  if (options.tolerance == 0) options.tolerance = motion == Motion::faithful ? 1e-3 : 1e-10;
  num_threads();  // one BLAS thread, before the first product
  return options;
}

template <class T>
void check_fast(const MatrixProblem<T>& problem, const FlowOptions& options) {
  if (problem.loss.penalty != Penalty::squared)
    throw OptionError("the fast motion needs the squared loss", "take motion faithful for the Huber loss");
  if (options.strategy == FlowStrategy::noisy)
    throw OptionError("the strategy noisy needs a validation part", "take fit_flow on observations");
  if (options.strategy == FlowStrategy::vanishing_decay && problem.measurement != Measurement::entries)
    throw OptionError("the strategy vanishing_decay needs single entries as measurements", "take greedy");
}

flow::Problem stage(flow::Loss& loss, const FlowOptions& options) {
  return {loss, nullptr, options, flow::point_of_rank_zero(loss.num_rows(), loss.num_columns()), 0, 0, 0, {}};
}

}  // namespace

template <class T>
FlowResult fit_flow(const MatrixProblem<T>& problem, const FlowOptions& given, std::span<const Watcher> watchers,
                    const FlowMoments& moments) {
  const FlowOptions options = settled(given, given.motion);
  if (options.depth == 1)
    throw OptionError("depth 1 grows everything at once and is never greedy", "give a start: follow_flow");
  MatrixLoss measure = problem.loss;
  if (options.motion == Motion::fast) {
    check_fast(problem, options);
    measure.normalization = Normalization::half_sum;  // the scale that the fast motion's limits are made for
  }
  const auto loss = flow::make_loss(problem, measure);
  const bool rescaled = measure.normalization != problem.loss.normalization;
  const double unit = rescaled ? 2.0 / static_cast<double>(problem.count()) : 1;
  const flow::Problem everything = stage(*loss, options);
  const auto path = options.motion == Motion::faithful                  ? flow::make_faithful(everything, nullptr)
                    : options.strategy == FlowStrategy::vanishing_decay ? flow::make_vanishing_decay(everything)
                                                                        : flow::make_greedy(everything);
  Watch watch(options, watchers, moments);
  return follow(*path, *loss, unit, watch);
}

template <class T>
FlowResult follow_flow(const MatrixProblem<T>& problem, const Matrix& start, const FlowOptions& given,
                       std::span<const Watcher> watchers, const FlowMoments& moments) {
  const FlowOptions options = settled(given, Motion::faithful);
  if (start.rows() != problem.num_rows || start.cols() != problem.num_columns || !start.allFinite())
    throw InputError("start", "the matrix to start from has another shape than the problem, or is not finite");
  const auto loss = flow::make_loss(problem);
  Watch watch(options, watchers, moments);
  if (options.depth == 1) return follow_single(*loss, start, options, watch);
  const Svd<double> parts = svd<double>(start);
  const Index kept = (parts.s.array() > kZero * parts.s[0]).count();
  if (kept == 0) throw InputError("start", "the matrix to start from is zero, and zero stays zero", "give a size");
  const flow::Problem everything = stage(*loss, options);
  flow::Point from = everything.start;
  from.u = parts.u.leftCols(kept), from.s = parts.s.head(kept), from.v = parts.v.leftCols(kept);
  const auto path = flow::make_faithful(everything, &from);
  return follow(*path, *loss, 1, watch);
}

FlowMoments regular_moments(double every, double last) {
  if (!(every > 0) || !(last >= 0)) throw OptionError("the spacing of moments has to be positive");
  FlowMoments moments;
  for (Index k = 0; static_cast<double>(k) * every < last * (1 - 1e-12); ++k)
    moments.times.push_back(static_cast<double>(k) * every);
  moments.times.push_back(last);
  return moments;
}

#define RANKFLOW_INSTANTIATE(T)                                                                          \
  template FlowResult fit_flow<T>(const MatrixProblem<T>&, const FlowOptions&, std::span<const Watcher>, \
                                  const FlowMoments&);                                                   \
  template FlowResult follow_flow<T>(const MatrixProblem<T>&, const Matrix&, const FlowOptions&,         \
                                     std::span<const Watcher>, const FlowMoments&);
RANKFLOW_INSTANTIATE(double)
RANKFLOW_INSTANTIATE(float)
#undef RANKFLOW_INSTANTIATE

}  // namespace rankflow
