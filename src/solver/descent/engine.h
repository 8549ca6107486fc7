// The loop of gradient descent: evaluate, test, update. What Descent, fit_descent() and fit_descent_together() drive.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

#include "linalg/aligned.h"
#include "rankflow/descent.h"
#include "solver/descent/objective.h"
#include "solver/descent/optimizer.h"

namespace rankflow::descent {

template <class T>
class Engine {
 public:
  Engine(const MatrixProblem<T>& problem, const DeepFactorization<T>& start, const DescentOptions& options);

  /// Makes up to `iterations` updates; false once the fit has ended.
  bool advance(Index iterations);
  bool ended() const { return stop_ != Stop::not_run; }
  void finish(Stop why, std::string message);

  Archive state() const;
  void restore(const Archive& state);
  DescentResult<T> result() const;

  /// Loss and gradient at the current point, unless they are known.
  void evaluate();
  /// Evaluation in two halves, for runs that share a pass over sensing matrices; null if there is nothing to do.
  SensingRun<T>* begin_evaluation();
  void end_evaluation(const SensingRun<T>& run);
  /// One update from an evaluated point, unless the fit ends there; false if so.
  bool step();
  /// Seconds that belong to this engine but were spent elsewhere.
  void add_seconds(double seconds) { seconds_ += seconds; }

  const MatrixProblem<T>& problem() const { return problem_; }
  const DescentOptions& options() const { return options_; }
  DeepFactorization<T> model() const { return objective_->layout().read(x_.data()); }
  Index iteration() const { return iteration_; }
  double loss() const { return loss_; }
  double time() const { return time_; }
  double seconds() const { return seconds_; }
  double step_size() const { return step_size_; }

 private:
  bool should_stop();
  bool take_adaptive_step();

  const MatrixProblem<T>& problem_;
  DescentOptions options_;
  std::unique_ptr<Objective<T>> objective_;
  AlignedVector<T> x_, gradient_;
  AlignedVector<T> x_before_, gradient_before_;  // adaptive
  Updater<T> updater_;

  bool evaluated_ = false;
  double loss_ = kNaN;
  Index iteration_ = 0, tests_passed_ = 0;
  double time_ = 0, step_size_ = kNaN, next_step_ = 0;
  double seconds_ = 0;
  std::chrono::steady_clock::time_point stride_begin_;
  Stop stop_ = Stop::not_run;
  std::string message_ = "the fit has not run";
};

/// A view of the engine's current point.
template <class T>
std::unique_ptr<Snapshot> make_snapshot(Engine<T>& engine);

}  // namespace rankflow::descent
