// What a study's report shows, and how its page and its figures are drawn.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "experiment/claims.h"
#include "experiment/figure_data.h"
#include "experiment/plan.h"
#include "experiment/run_record.h"
#include "experiment/study.h"
#include "experiment/study_summary.h"

namespace rankflow {

/// The pointers must not be null.
struct StudyReport {
  std::string name;
  const experiment::Study* study = nullptr;
  const std::vector<experiment::PlannedRun>* plan = nullptr;
  const std::vector<experiment::RunRecord>* records = nullptr;
  std::vector<experiment::ClaimResult> claims;
  experiment::SummaryTable runs, groups;  // groups may be empty
  std::vector<experiment::FigureData> figures;
  std::string command;  // that repeats it
};

/// One self-contained HTML page. Same input, same bytes.
std::string render_study_report(const StudyReport& report);

/// One figure for a paper: panels side by side, text as text, 3 inches (216 pt) and more a panel.
std::string render_figure_svg(const experiment::FigureData& figure);

}  // namespace rankflow
