// Errors on unseen entries, with their uncertainty.
// SPDX-License-Identifier: Apache-2.0
#include "completion/judge.h"

#include <algorithm>
#include <cmath>

#include "base/threads.h"

namespace rankflow::completion {
namespace {

constexpr double kNormal95 = 1.959964;  // two-sided 95 % of the normal distribution
constexpr Index kEntriesPerBlock = 8192;

}  // namespace

Judged judge(const Table& table, const std::vector<Part>& parts, Part part, const CompletionModel& model) {
  Judged judged;
  for (Index i = 0; i < table.num_rows(); ++i)
    for (Index k = table.row_begin[i]; k < table.row_begin[i + 1]; ++k)
      if (parts[k] == part) {
        judged.observation.push_back(k);
        judged.row.push_back(static_cast<std::int32_t>(i));
      }
  const Index count = static_cast<Index>(judged.row.size());
  judged.predicted.resize(count);
  judged.deviation.resize(count);
  parallel_blocks(count, kEntriesPerBlock, [&](Index begin, Index end, Index) {
    for (Index k = begin; k < end; ++k) {
      const Index i = judged.row[k], j = table.column[judged.observation[k]];
      judged.predicted[k] = model.predict(i, j);
      const Index at = judged.observation[k];
      const double weight = table.weight.empty() ? 1 : static_cast<double>(table.weight[at]) / model.weight_unit;
      judged.deviation[k] = model.standard_deviation(i, j, weight);
    }
  });
  return judged;
}

std::vector<double> calibration(const Table& table, const Judged& judged, const Vector& rounding) {
  std::vector<double> residuals;
  for (std::size_t k = 0; k < judged.row.size(); ++k) {
    const Index at = judged.observation[k];
    const double e = std::max(std::abs(judged.predicted[k] - table.value[at]), rounding[table.column[at]]);
    residuals.push_back(judged.deviation[k] > 0 ? e / judged.deviation[k] : 0);
  }
  std::sort(residuals.begin(), residuals.end());
  return residuals;
}

HeldOutError held_out_error(const Table& table, const Judged& judged, const Vector& units,
                            const CompletionModel& model) {
  HeldOutError error;
  error.count = static_cast<Index>(judged.row.size());
  if (error.count == 0) return error;
  const double quantile = model.calibration.empty() ? kNaN : model.calibration_quantile(0.9);
  double sum = 0, fourth = 0;
  Index inside = 0;
  for (Index k = 0; k < error.count; ++k) {
    const Index at = judged.observation[k];
    const double residual = judged.predicted[k] - table.value[at];
    const double e = units.size() == 0 ? residual : residual / units[table.column[at]];
    sum += e * e;
    fourth += e * e * e * e;
    inside += std::abs(residual) <= quantile * judged.deviation[k];
  }
  const double n = static_cast<double>(error.count), mean = sum / n;
  const double half = kNormal95 * std::sqrt(std::max(0.0, fourth / n - mean * mean) / n);
  error.rmse = std::sqrt(mean);
  error.rmse_low = std::sqrt(std::max(0.0, mean - half));
  error.rmse_high = std::sqrt(mean + half);
  if (!model.calibration.empty()) error.coverage90 = static_cast<double>(inside) / n;
  return error;
}

std::vector<ColumnError> column_errors(const Table& table, const std::vector<Part>& parts, const Judged& judged,
                                       const std::vector<double>& baseline) {
  const Index n = table.num_columns();
  std::vector<ColumnError> errors(n);
  Vector squares = Vector::Zero(n), baseline_squares = Vector::Zero(n);
  for (std::size_t k = 0; k < judged.row.size(); ++k) {
    const Index at = judged.observation[k], j = table.column[at];
    ++errors[j].count;
    squares[j] += std::pow(judged.predicted[k] - table.value[at], 2);
    baseline_squares[j] += std::pow(baseline[k] - table.value[at], 2);
  }
  Vector count = Vector::Zero(n), mean = Vector::Zero(n), deviations = Vector::Zero(n);
  for (Index k = 0; k < table.num_observed(); ++k) {
    if (parts[k] == Part::held_out) continue;
    const Index j = table.column[k];
    const double before = table.value[k] - mean[j];
    mean[j] += before / ++count[j];
    deviations[j] += before * (table.value[k] - mean[j]);
  }
  for (Index j = 0; j < n; ++j) {
    errors[j].column = j;
    if (count[j] > 0) errors[j].spread = std::sqrt(deviations[j] / count[j]);
    if (errors[j].count == 0) continue;
    errors[j].rmse = std::sqrt(squares[j] / static_cast<double>(errors[j].count));
    errors[j].baseline_rmse = std::sqrt(baseline_squares[j] / static_cast<double>(errors[j].count));
  }
  return errors;
}

}  // namespace rankflow::completion
