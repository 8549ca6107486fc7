// What came out of a study, as tables: one line a run, and mean and spread for each group of runs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "experiment/plan.h"
#include "experiment/run_record.h"

namespace rankflow::experiment {

struct SummaryTable {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
  std::size_t words = 0;  // the first so many columns are text
  std::string csv() const;
  std::string text() const;  // aligned
};

/// What varies, how the run ended, and the last value of every column.
SummaryTable run_table(const std::vector<PlannedRun>& plan, const std::vector<RunRecord>& records);

/// Runs that differ in the seed alone are a group: count, mean and standard deviation of every number. Empty if no
/// group has two runs.
SummaryTable group_table(const std::vector<PlannedRun>& plan, const std::vector<RunRecord>& records);

}  // namespace rankflow::experiment
