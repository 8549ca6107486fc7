// A matrix from linear measurements: y_k = <A_k, W> in, the matrix and its error on measurements it did not see out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rankflow/complete.h"
#include "rankflow/deep_factorization.h"
#include "rankflow/descent.h"
#include "rankflow/matrix_problem.h"

namespace rankflow {

enum class SenseEngine { flow, gd, nuclear };

struct SenseOptions {
  SenseEngine engine = SenseEngine::flow;
  double held_out = 0.1;  // share of the measurements that judges the result, [0, 0.9]
  bool refit = true;      // the matrix that is written comes from a fit to all measurements
  double depth = 3;
  double tolerance = 0;  // stop at a residual below this times that of the zero matrix; 0 = the engine's own
  Index max_iterations = 100'000;
  double time_limit = 0;  // seconds for everything; 0 = none
  std::uint64_t seed = 0;
  Motion motion = Motion::fast;  // flow
  double alpha = 1e-3;           // flow, faithful motion
  double match = 0;              // nuclear: largest deviation from a measurement
  double relative_gap = 1e-5;    // nuclear
  DescentOptions descent = {};   // gd; its limits are those above
  InitializationOptions start = {};
};
/// Every option of `rankflow sense` that concerns the fit.
std::vector<OptionField> fields(SenseOptions& options);

struct SenseResult {
  Matrix w;                      // fitted to what the stated error does not judge
  std::optional<Matrix> full_w;  // fitted to all measurements: what is written
  std::string engine;
  double depth = 0;        // flow, gd
  Vector singular_values;  // of w
  Index rank = 0;          // number above 1e-3 of the largest
  double effective_rank = 0;
  double train_rmse = kNaN;
  std::optional<HeldOutError> held_out;
  double baseline_rmse = kNaN;              // of predicting zero, on the held-out measurements
  std::vector<double> observed, predicted;  // the held-out measurements
  std::optional<ConvexProof> proof;         // nuclear
  std::vector<Step> history;
  Index iterations = 0, measurements = 0;
  Stop stop = Stop::not_run;
  std::string message = "sense() was not called";
  std::vector<std::string> warnings;
  double seconds = 0;
  std::uint64_t seed = 0;
  bool usable() const { return stop != Stop::not_run && stop != Stop::diverged && stop != Stop::interrupted; }
};

/// Splits the measurements, fits, judges and refits. `problem`: dense or rank_one, its loss the mean of squares. Throws
/// OptionError and InputError; numerical trouble is in `stop`. The same problem, options and seed give the same bits,
/// for any number of threads, interrupted and resumed or not (unless a time limit cut it short).
SenseResult sense(const MatrixProblem<double>& problem, const SenseOptions& options,
                  std::span<const Observer> observers = {}, const CheckpointOptions& checkpoint = {});

/// The result as one paragraph for people, and as the JSON object of `rankflow sense --json`.
std::string brief(const std::string& source, const SenseResult& result);
std::string json(const std::string& source, const SenseResult& result);

}  // namespace rankflow
