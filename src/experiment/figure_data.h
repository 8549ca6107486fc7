// The numbers behind a study's figures, before anybody draws them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "experiment/plan.h"
#include "experiment/run_record.h"
#include "experiment/study.h"

namespace rankflow::experiment {

/// One curve. With several runs at a point, y is their mean and low, high are the least and the largest.
struct Curve {
  std::string name;
  int color = 0, dash = 0;  // curves of equal colour belong together, and so do those of equal dash
  std::vector<double> x, y;
  std::vector<double> low, high;  // empty: single values
  bool constant = false;          // one number, drawn across the panel
};

struct PanelData {
  std::string title, x_label, y_label;
  bool x_log = false, y_log = false, markers = false;
  double x_low = kNaN, x_high = kNaN, y_low = kNaN, y_high = kNaN;  // NaN = from the data
  std::vector<Curve> curves;
  int colors = 0;  // how many different ones the curves have
};

struct FigureData {
  std::string name, title, caption;
  std::vector<PanelData> panels;  // those that have a curve
};

/// Figures without any curve (runs that were not made) are left out.
std::vector<FigureData> make_figures(const Study& study, const std::vector<PlannedRun>& plan,
                                     const std::vector<RunRecord>& records);

/// Panel, curve, x, y, low, high: one line a point, in full precision.
std::string figure_csv(const FigureData& figure);

}  // namespace rankflow::experiment
