// Greedy low-rank learning (Li, Luo, Lyu 2021, GLRL): a factorization of depth 2 whose columns enter one at a time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "rankflow/descent.h"

namespace rankflow {

struct GreedyRankOptions {
  double column_size = 1e-6;    // square of the norm of a column that enters
  double gradient_share = 0.5;  // a phase ends once the factors' gradient is below this share of what it began with
  Index max_rank = 0;           // 0 = as far as the loss asks for
};

struct GreedyRankResult {
  DeepFactorization<double> model;  // U and V^T; no factors if no column entered
  Stop stop = Stop::not_run;
  std::string message = "the fit has not run";
  Index iterations = 0, columns = 0;
  double loss = kNaN, seconds = 0;
};

/// Phase k: the leading singular pair (u, v) of -dL/dW becomes a column sqrt(column_size) u of U and v of V, and
/// gradient descent runs from there to the next stationary point. `descent` says how; its loss_tolerance ends
/// everything, its max_iterations counts over all phases.
GreedyRankResult fit_greedy_rank(const MatrixProblem<double>& problem, const DescentOptions& descent,
                                 const GreedyRankOptions& options, std::span<const Watcher> watchers = {});

}  // namespace rankflow
