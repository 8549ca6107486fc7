// What every engine of a run is watched by: the instruments, and the question whether to stop.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "experiment/execute.h"
#include "rankflow/instrument.h"

namespace rankflow::experiment {

/// `trajectory` must outlive the watchers.
std::vector<Watcher> watchers(const RunConfig& config, const DataSet& data, Trajectory& trajectory,
                              const StopAsked& stop);

/// The flow of the end matrix, as one kind of engine.
void follow(const RunConfig& config, const DataSet& data, const StopAsked& stop, RunOutcome& outcome);

}  // namespace rankflow::experiment
