// Makes the runs of a plan: those that are not there yet, several at a time, each kept as soon as it ends.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "experiment/plan.h"
#include "experiment/run_record.h"

namespace rankflow::experiment {

struct RunnerOptions {
  std::string folder;  // runs are kept in folder/runs
  int jobs = 1;        // runs at a time; each on one thread if there are several
};

/// What happened to a run, for a line of progress.
struct RunEvent {
  enum class Kind { kept, started, finished, failed };
  Kind kind = Kind::started;
  const PlannedRun* run = nullptr;
  const RunRecord* record = nullptr;  // null for started
  std::size_t done = 0, total = 0;
};

/// One record per planned run, in the order of the plan. A run that throws is recorded as failed and made again next
/// time. `stop` is asked between runs and at every record of a run; runs that were cut short leave nothing behind and
/// are missing in the answer. Events come from one thread at a time.
std::vector<RunRecord> make_runs(const std::vector<PlannedRun>& plan, const RunnerOptions& options,
                                 const std::function<void(const RunEvent&)>& report, const StopAsked& stop);

}  // namespace rankflow::experiment
