// Descent on a CP factorization in mini-batches: each update sees some of the observations.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rankflow/archive.h"
#include "rankflow/batch_problem.h"
#include "rankflow/cp_factorization.h"
#include "rankflow/descent.h"

namespace rankflow {

struct BatchOptions {
  Optimizer optimizer = Optimizer::adam;
  double step_size = 1e-3;
  double momentum = 0.9;
  double beta = 0.999;  // group_rmsprop; adam's second moment
  double epsilon = 1e-8;
  Index batch = 1000;    // observations an update sees; the last batch of an epoch has what is left
  bool shuffled = true;  // each epoch in another order; no: always in the order of the problem
  Index epochs = 100;
  double loss_tolerance =
      0;                   // stops after an epoch whose mean loss, of each batch before its update, is at or below it
  double max_seconds = 0;  // 0 = no limit
  Index record_every = 0;  // epochs between calls of watchers; 0 = only at the start and the end
  std::uint64_t seed = 0;  // of the order
};
std::vector<OptionField> fields(BatchOptions& options);
void check(const BatchOptions& options);

/// What a watcher sees, between epochs.
struct BatchMoment {
  Index epoch = 0, updates = 0;
  double seconds = 0;        // without watchers
  double epoch_loss = kNaN;  // of the last epoch: mean over its batches, each before its update
  double step_size = kNaN;   // of the last update
};
using BatchWatcher = std::function<Next(const BatchMoment&)>;

struct BatchResult {
  Stop stop = Stop::not_run;
  std::string message = "the fit has not run";
  Index epochs = 0, updates = 0;
  double loss = kNaN;  // over all observations, at the end
  double seconds = 0;
};

/// The engine as an object that moves in strides. `problem` and `model` must outlive it. The same bits for any number
/// of threads.
template <class T>
class BatchDescent {
 public:
  BatchDescent(const BatchProblem<T>& problem, CpFactorization<T>& model, const BatchOptions& options);
  ~BatchDescent();

  /// Makes up to `epochs` epochs; false once the fit has ended. Then `model` is up to date.
  bool advance(Index epochs);
  const BatchMoment& moment() const;
  /// The loss over all observations.
  double loss() const;
  /// What the model says about other cells of the tensor.
  std::vector<T> values(const PackedCells& cells) const;
  Archive state() const;
  void restore(const Archive& state);
  BatchResult result() const;
  void finish(Stop why);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Watchers may ask the engine for values and losses; `engine` is there before the first call.
template <class T>
BatchResult fit_batches(BatchDescent<T>& engine, const BatchOptions& options, std::span<const BatchWatcher> watchers);

}  // namespace rankflow
