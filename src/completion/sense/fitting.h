// One fit to linear measurements by one of three engines: recorded, checkpointed, resumed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>

#include "completion/checkpoint.h"
#include "rankflow/sense.h"
#include "rankflow/snapshot.h"

namespace rankflow::completion {

struct SenseFit {
  Matrix w;
  Index iterations = 0;
  Stop stop = Stop::not_run;
  std::string message;
  std::optional<ConvexProof> proof;
};

/// Makes the fits of one call of sense(), one after another.
class SenseFitting {
 public:
  /// Steps go to the observers and into result.history.
  SenseFitting(const SenseOptions& options, std::span<const Observer> observers, Checkpoint& checkpoint,
               SenseResult& result);

  /// `stage` names the fit, in the history and in the checkpoint; `share` is how much of the time that is left it may
  /// take. A fit that the checkpoint has finished is not made again.
  SenseFit fit(const MatrixProblem<double>& problem, const std::string& stage, double share);
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(); }

 private:
  struct Task {
    const MatrixProblem<double>& problem;
    const std::string& stage;
    double seconds;  // 0 = no limit
  };
  SenseFit flow(const Task& task);
  SenseFit descent(const Task& task);
  SenseFit nuclear(const Task& task);
  /// Shows and keeps a step; false once an observer wants an end.
  bool record(Snapshot& at, const std::string& stage);
  template <class Engine>
  void drive(Engine& engine, const Task& task, Index stride);

  const SenseOptions& options_;
  std::span<const Observer> observers_;
  Checkpoint& checkpoint_;
  SenseResult& result_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// A hash of the measurements and the options, as text.
std::string fingerprint(const MatrixProblem<double>& problem, const SenseOptions& options);

}  // namespace rankflow::completion
