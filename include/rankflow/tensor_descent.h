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
};
template <class T>
std::unique_ptr<TensorModelLoss<T>> make_loss(const TensorProblem<T>& problem, CpFactorization<T>& model);
template <class T>
std::unique_ptr<TensorModelLoss<T>> make_loss(const TensorProblem<T>& problem, TreeFactorization<T>& model);

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
