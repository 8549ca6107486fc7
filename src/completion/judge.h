// How good a model is on entries it did not see.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/complete.h"

namespace rankflow::completion {

/// Predictions and truths of one part of a table, in the order of the table.
struct Judged {
  std::vector<Index> observation;  // position in the table
  std::vector<std::int32_t> row;
  // The model's value, and the standard deviation of an observation of this weight, in the values' units.
  std::vector<double> predicted, deviation;
};
Judged judge(const Table& table, const std::vector<Part>& parts, Part part, const CompletionModel& model);

/// Ascending |residual| / deviation: what intervals are calibrated with. A residual counts at least as much as
/// `rounding` of its column.
std::vector<double> calibration(const Table& table, const Judged& judged, const Vector& rounding);

/// Root mean square of (residual / unit of the column); `units` empty = 1.
HeldOutError held_out_error(const Table& table, const Judged& judged, const Vector& units,
                            const CompletionModel& model);

/// Per column, for the report.
std::vector<ColumnError> column_errors(const Table& table, const std::vector<Part>& parts, const Judged& judged,
                                       const std::vector<double>& baseline);

}  // namespace rankflow::completion
