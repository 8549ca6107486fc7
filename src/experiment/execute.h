// One run: its engine moves, its instruments record.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "experiment/data_set.h"
#include "experiment/run_config.h"
#include "rankflow/trajectory.h"

namespace rankflow::experiment {

struct RunOutcome {
  std::string stop, message;              // as in files: "converged", "iteration_limit", ...
  std::map<std::string, double> numbers;  // "iterations", "seconds", "loss", and what the engine adds
  Trajectory trajectory;
};

/// Asked at every record; true ends the run.
using StopAsked = std::function<bool()>;

/// Throws OptionError for an instrument that the data cannot feed.
RunOutcome execute(const RunConfig& config, const DataSet& data, const StopAsked& stop);

/// May these runs share their passes over the measuring matrices (given that they have the same data)?
bool moves_together(const RunConfig& config);
/// Runs for which moves_together() holds, on the same data and with the same scalar.
std::vector<RunOutcome> execute_together(const std::vector<const RunConfig*>& configs, const DataSet& data,
                                         const StopAsked& stop);

}  // namespace rankflow::experiment
