// Columns enter along the steepest direction; in between gradient descent goes to rest.
// SPDX-License-Identifier: Apache-2.0
#include "solver/greedy/greedy_rank.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "linalg/decompositions.h"

namespace rankflow {
namespace {

constexpr Index kStride = 50;  // iterations between two looks at the gradient of the factors

class Phases {
 public:
  Phases(const MatrixProblem<double>& problem, const DescentOptions& descent, const GreedyRankOptions& options,
         std::span<const Watcher> watchers)
      : problem_(problem), descent_(descent), options_(options), watchers_(watchers) {
    model_.factors = {Matrix::Zero(0, problem.num_columns), Matrix::Zero(problem.num_rows, 0)};
  }

  GreedyRankResult run() {
    const Index most = std::min(problem_.num_rows, problem_.num_columns);
    const Index limit = options_.max_rank > 0 ? std::min(options_.max_rank, most) : most;
    result_.stop = Stop::converged;
    result_.message = fmt::format("{} columns entered, as many as were allowed", limit);
    while (result_.columns < limit && !ended_) {
      add_column();
      if (!ended_) rest();
    }
    result_.model = std::move(model_);
    return std::move(result_);
  }

 private:
  void end(Stop stop, std::string message) {
    ended_ = true;
    result_.stop = stop;
    result_.message = std::move(message);
  }

  void add_column() {
    const Matrix w = result_.columns > 0 ? model_.end_matrix() : Matrix::Zero(problem_.num_rows, problem_.num_columns);
    Matrix gradient;
    result_.loss = loss_at(problem_, w, &gradient);
    const Svd<double> steepest = svd<double>(gradient);
    if (steepest.s[0] == 0) return end(Stop::converged, "the gradient is zero");
    const double size = std::sqrt(options_.column_size);
    Matrix& right = model_.factors[0];
    Matrix& left = model_.factors[1];
    right.conservativeResize(right.rows() + 1, Eigen::NoChange);
    left.conservativeResize(Eigen::NoChange, left.cols() + 1);
    right.bottomRows(1) = size * steepest.v.col(0).transpose();
    left.rightCols(1) = -size * steepest.u.col(0);
    ++result_.columns;
    begin_ = size * steepest.s[0];
  }

  static double factors_gradient(Snapshot& snapshot) {
    const std::vector<Matrix>& factors = snapshot.factors();
    const Matrix& gradient = snapshot.gradient();
    return std::hypot((gradient * factors[0].transpose()).norm(), (factors[1].transpose() * gradient).norm());
  }

  // Iterations and times go on from phase to phase.
  bool show(Snapshot& snapshot) {
    const Index iteration = snapshot.iteration;
    const double time = snapshot.time, seconds = snapshot.seconds;
    snapshot.iteration += result_.iterations;
    snapshot.time += time_;
    snapshot.seconds += result_.seconds;
    bool proceed = true;
    for (const Watcher& watcher : watchers_) proceed = watcher(snapshot) == Next::proceed && proceed;
    snapshot.iteration = iteration;
    snapshot.time = time;
    snapshot.seconds = seconds;
    return proceed;
  }

  void rest() {
    DescentOptions options = descent_;
    options.max_iterations = descent_.max_iterations - result_.iterations;
    options.record_every = 0;
    Descent<double> engine(problem_, model_, options);
    const Index every = descent_.record_every;
    Index next_record = every;
    bool proceed = result_.columns > 1 || show(engine.snapshot()), grown = false, resting = false;
    while (proceed && !resting && engine.advance(every > 0 ? std::min(every, kStride) : kStride)) {
      Snapshot& snapshot = engine.snapshot();
      const double now = factors_gradient(snapshot);
      grown = grown || now > 2 * begin_;
      resting = grown && now < options_.gradient_share * begin_;
      if (every > 0 && snapshot.iteration >= next_record) {
        next_record = snapshot.iteration + every;
        proceed = show(snapshot);
      }
    }
    show(engine.snapshot());
    finish_phase(engine.result(), proceed, resting);
  }

  void finish_phase(const DescentResult<double>& phase, bool proceed, bool resting) {
    result_.iterations += phase.iterations;
    result_.seconds += phase.seconds;
    result_.loss = phase.loss;
    time_ += phase.time;
    model_ = phase.model;
    if (!proceed)
      end(Stop::interrupted, "stopped by an observer");
    else if (!resting)
      end(phase.stop, phase.message);
  }

  const MatrixProblem<double>& problem_;
  const DescentOptions& descent_;
  const GreedyRankOptions& options_;
  std::span<const Watcher> watchers_;
  DeepFactorization<double> model_;
  GreedyRankResult result_;
  double begin_ = 0, time_ = 0;
  bool ended_ = false;
};

}  // namespace

GreedyRankResult fit_greedy_rank(const MatrixProblem<double>& problem, const DescentOptions& descent,
                                 const GreedyRankOptions& options, std::span<const Watcher> watchers) {
  check(descent);
  return Phases(problem, descent, options, watchers).run();
}

}  // namespace rankflow
