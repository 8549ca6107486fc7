// Small studies and made-up runs for tests.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "experiment/name_check.h"
#include "experiment/plan.h"
#include "experiment/run_record.h"
#include "experiment/study.h"

namespace rankflow::test {

/// A study of 12 x 10 matrices that runs in a moment; `more` is appended.
inline std::string small_study(const std::string& more = "") {
  return R"(title = "small"

[data]
kind = "low_rank"
rows = 12
columns = 10
rank = 2
norm = 10

[problem]
count = 80

[model]
depth = 2
scale = 1e-2

[engine]
optimizer = "plain"
step_size = 0.05
loss_tolerance = 1e-3
max_iterations = 400
record_every = 100
instruments = ["reconstruction_error", "singular_values:3"]
)" + more;
}

inline experiment::Study parse(const std::string& text, const experiment::StudyOptions& options = {}) {
  return experiment::parse_study(experiment::parse_document(text, "study.toml"), "study.toml", options);
}

/// What parsing, planning or the look at its expressions complains about; empty if nothing.
inline std::string complaint(const std::string& text, const experiment::StudyOptions& options = {}) {
  try {
    const experiment::Study study = parse(text, options);
    experiment::check_names(study, experiment::plan_runs(study));
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

/// A finished run with the given series.
inline experiment::RunRecord record_of(std::vector<std::string> columns, std::vector<std::vector<double>> rows) {
  experiment::RunRecord record;
  record.status = experiment::RunRecord::Status::finished;
  record.outcome.stop = "converged";
  record.outcome.trajectory.columns = std::move(columns);
  record.outcome.trajectory.rows = std::move(rows);
  record.outcome.numbers["iterations"] = record.outcome.trajectory.rows.back().front();
  return record;
}

}  // namespace rankflow::test
