// What is kept of a run: how it ended, its numbers and its trajectory; in memory and in its folder.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "experiment/execute.h"
#include "experiment/plan.h"

namespace rankflow::experiment {

struct RunRecord {
  enum class Status { missing, finished, failed };
  Status status = Status::missing;
  std::string why;  // missing or failed
  RunOutcome outcome;
  bool usable() const { return status == Status::finished; }
};

/// folder/trajectory.csv and then folder/result.json, which makes the run finished. Atomic.
void write_record(const std::string& folder, const PlannedRun& run, const RunRecord& record);

/// The record of a finished run with the same fingerprint; nullopt if there is none (nothing there, another
/// fingerprint, damaged files, a run that failed).
std::optional<RunRecord> read_record(const std::string& folder, const PlannedRun& run);

/// What expressions see of a run: its trajectory, its numbers, those of its data, and its numeric settings, by their
/// short names and by "model_depth".
std::map<std::string, double> run_numbers(const PlannedRun& run, const RunRecord& record);

}  // namespace rankflow::experiment
