// What every engine shares: the record an observer gets at each step, its answer, and why an engine stopped.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "rankflow/types.h"

namespace rankflow {

/// Why an engine stopped.
enum class Stop {
  not_run,
  converged,   // the change or the residual fell below the tolerance
  validation,  // the validation error had its minimum
  iteration_limit,
  time_limit,
  interrupted,  // an observer said finish (Ctrl-C)
  diverged,
};
/// The word used in --json and in files, e.g. "iteration_limit".
const char* name(Stop stop);

enum class Next { proceed, finish };

/// One step of an engine, as observers see it and as history.csv keeps it. NaN = does not apply.
struct Step {
  std::string engine;  // "flow", "posterior"
  std::string stage;   // the fit the step belongs to, e.g. "validate flow"
  Index iteration = 0;
  double seconds = 0;  // since the engine's start
  double time = kNaN;  // time of the flow (sum of step sizes)
  double step_size = kNaN;
  double train_rmse = kNaN;  // root mean square residual on the training part, in the engine's units
  double validation_rmse = kNaN;
  Index rank = 0;
  double effective_rank = kNaN;         // exp of the entropy of the normalized singular values (Roy and Vetterli 2007)
  double rate = kNaN;                   // observations passed over per second
  double progress = kNaN;               // share of the work that is done, in [0, 1], where it is known
  std::vector<double> singular_values;  // descending
};

/// Called after every step; what it returns decides whether the engine goes on. Must not change the engine.
using Observer = std::function<Next(const Step&)>;

/// exp(-sum p ln p), p = s / sum s (Roy and Vetterli 2007). 0 for an empty or zero spectrum.
double effective_rank(const Vector& singular_values);

}  // namespace rankflow
