// Gradient descent on the factors of a deep matrix factorization, as the papers run it: nothing is projected.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rankflow/archive.h"
#include "rankflow/deep_factorization.h"
#include "rankflow/fit.h"
#include "rankflow/matrix_problem.h"
#include "rankflow/options.h"
#include "rankflow/snapshot.h"

namespace rankflow {

enum class Optimizer {
  plain,
  momentum,       // v = momentum v + G, W -= step v
  adam,           // Kingma and Ba 2015, with bias correction
  group_rmsprop,  // one scalar step for all factors (Arora et al. 2019): lr / (sqrt(v_t / (1 - beta^t)) + epsilon)
  normalized,     // step / ||G|| over all factors
};

struct DescentOptions {
  Optimizer optimizer = Optimizer::group_rmsprop;
  double step_size = 1e-3;
  bool adaptive = false;  // plain only: the step shrinks where the loss rises and grows again; the direction stays
  double momentum = 0.9;
  double beta = 0.99;  // group_rmsprop; adam's second moment
  double epsilon = 1e-6;
  double loss_tolerance = 1e-6;  // stops once the loss is at or below it (tested before the step)
  Index patience = 1;            // ... at this many tests in a row
  Index test_every = 1;          // iterations between tests
  Index max_iterations = 1'000'000;
  double max_seconds = 0;  // 0 = no limit
  Index record_every = 0;  // watchers are called every so many iterations; 0 = only at the start and the end
};
std::vector<OptionField> fields(DescentOptions& options);
void check(const DescentOptions& options);

template <class T>
struct DescentResult {
  DeepFactorization<T> model;
  Stop stop = Stop::not_run;  // converged: loss_tolerance was reached
  std::string message = "the fit has not run";
  Index iterations = 0;
  double loss = kNaN;
  double time = 0;     // step sizes summed up
  double seconds = 0;  // without watchers
};

/// The engine as an object that moves in strides. `problem` must outlive it.
template <class T>
class Descent {
 public:
  Descent(const MatrixProblem<T>& problem, DeepFactorization<T> start, const DescentOptions& options);
  ~Descent();
  Descent(Descent&&) noexcept;

  /// Makes up to `iterations` updates; false once the fit has ended. No allocation inside.
  bool advance(Index iterations);
  /// The current point. Valid until the next advance().
  Snapshot& snapshot();
  /// Between strides: continuing from it gives the same bits as going on.
  Archive state() const;
  void restore(const Archive& state);
  DescentResult<T> result() const;
  void finish(Stop why);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

template <class T>
DescentResult<T> fit_descent(const MatrixProblem<T>& problem, DeepFactorization<T> start, const DescentOptions& options,
                             std::span<const Watcher> watchers = {});

/// One of several runs on the same measurements.
template <class T>
struct DescentRun {
  DeepFactorization<T> start;
  DescentOptions options;
  std::vector<Watcher> watchers;
};
/// Runs that share dense measurements advance together, so that one pass over the sensing matrices serves all. The
/// results are those of fit_descent() up to the order of sums.
template <class T>
std::vector<DescentResult<T>> fit_descent_together(const MatrixProblem<T>& problem, std::vector<DescentRun<T>> runs);

}  // namespace rankflow
