// Gradient descent on the weights of a CP or hierarchical factorization, as the papers run it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rankflow/archive.h"
#include "rankflow/cp_factorization.h"
#include "rankflow/descent.h"
#include "rankflow/tensor_problem.h"
#include "rankflow/tree_factorization.h"

namespace rankflow {

namespace tensor_descent {
class Postponed;
}

/// What descent needs of a factorization: a list of weight matrices, what it says about the observations, and the
/// gradient. Implementations keep the problem's index and their work space; `problem` must outlive them.
template <class T>
class TensorModelLoss {
 public:
  virtual ~TensorModelLoss() = default;
  virtual std::vector<MatrixOf<T>*> weights() = 0;
  /// The loss at the current weights; `gradient` has the shapes of weights(), overwritten.
  virtual double gradient(std::vector<MatrixOf<T>>& gradient) = 0;
  virtual double loss() = 0;
  /// Weights that move only every few updates; null where all move in each.
  virtual tensor_descent::Postponed* postponed() { return nullptr; }
};
template <class T>
std::unique_ptr<TensorModelLoss<T>> make_loss(const TensorProblem<T>& problem, CpFactorization<T>& model);

/// Components that are negligible and hardly move are moved once per window, by all its updates together and right to
/// second order; a window costs them five passes, as many as two and a half updates. Everything else happens in every
/// update as always, and between strides the model is what it would be: read it then, but do not change it. Norms of
/// components and the loss stay within 1e-3 of those without windows until the step reaches the edge of stability,
/// where runs are chaotic anyway. Needs observed entries and an optimizer with one step size for all weights (plain,
/// group_rmsprop, normalized).
struct CpWindowOptions {
  Index updates = 32;     // per window
  double change = 1e-2;   // the most that a vector of a postponed component may change in a window, of its norm
  double largest = 1e-4;  // the largest norm of such a component, of that of the observed tensor
};
template <class T>
std::unique_ptr<TensorModelLoss<T>> make_loss(const TensorProblem<T>& problem, CpFactorization<T>& model,
                                              const CpWindowOptions& windows);
template <class T>
std::unique_ptr<TensorModelLoss<T>> make_loss(const TensorProblem<T>& problem, TreeFactorization<T>& model);

/// The same for the local components of a hierarchical factorization: those that add little to the tensor and hardly
/// move are moved once per window. What they add to others is held for a window. Needs what CpWindowOptions need. The
/// loss stays within 1e-3 of that without windows (1e-2 where it falls steeply), norms of components within 2e-2 over
/// thousands of updates, until the step reaches the edge of stability.
struct TreeWindowOptions {
  Index updates = 32;     // per window
  double change = 1e-2;   // the most that a vector of a postponed local component may change in a window, of its norm
  double largest = 1e-3;  // the largest part of the observed tensor's norm that such a component may add to it
};
template <class T>
std::unique_ptr<TensorModelLoss<T>> make_loss(const TensorProblem<T>& problem, TreeFactorization<T>& model,
                                              const TreeWindowOptions& windows);

/// What a watcher sees: called at the first point, at those that `record_every` asks for, and at the last.
struct TensorMoment {
  Index iteration = 0;
  double time = 0, seconds = 0, loss = kNaN;
  double step_size = kNaN;      // of the update that led here; NaN before the first
  double gradient_norm = kNaN;  // Euclidean, over all weights
};
using TensorWatcher = std::function<Next(const TensorMoment&)>;

struct TensorDescentResult {
  Stop stop = Stop::not_run;
  std::string message = "the fit has not run";
  Index iterations = 0;
  double loss = kNaN, time = 0, seconds = 0;
};

/// Full-batch descent with the optimizers, the adaptive step and the stopping rule of DescentOptions; moves the model
/// that `loss` was made for.
template <class T>
class TensorDescent {
 public:
  TensorDescent(TensorModelLoss<T>& loss, const DescentOptions& options);
  ~TensorDescent();
  /// Makes up to `iterations` updates; false once the fit has ended.
  bool advance(Index iterations);
  const TensorMoment& moment() const;
  Archive state() const;
  void restore(const Archive& state);
  TensorDescentResult result() const;
  void finish(Stop why);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

template <class T>
TensorDescentResult fit_descent(TensorModelLoss<T>& loss, const DescentOptions& options,
                                std::span<const TensorWatcher> watchers = {});

}  // namespace rankflow
