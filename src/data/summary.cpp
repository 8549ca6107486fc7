// Counting and judging.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "data/cell.h"
#include "data/summary_parts.h"

namespace rankflow {
namespace {

// Values on a grid, as ratings are: 0.5, 1, ..., 5.
void find_scale(const std::unordered_set<double>& distinct, TableSummary& out) {
  constexpr Index kMostLevels = 101;
  if (distinct.size() < 2 || static_cast<Index>(distinct.size()) > kMostLevels) return;
  for (const double step : {1.0, 0.5, 0.25, 0.1}) {
    const bool fits = std::all_of(distinct.begin(), distinct.end(), [&](double x) {
      const double levels = x / step;
      return std::abs(levels - std::round(levels)) < 1e-9 * std::max(1.0, std::abs(levels));
    });
    if (!fits) continue;
    if ((out.max - out.min) / step < static_cast<double>(kMostLevels)) out.step = step;
    return;
  }
}

std::vector<std::vector<double>> by_column(const Table& table) {
  std::vector<std::vector<double>> columns(static_cast<std::size_t>(table.num_columns()));
  for (std::size_t k = 0; k < table.value.size(); ++k) columns[table.column[k]].push_back(table.value[k]);
  return columns;
}

double spread_of(const std::vector<double>& values) {
  double sum = 0, squares = 0;
  for (const double x : values) sum += x;
  const double mean = sum / static_cast<double>(values.size());
  for (const double x : values) squares += (x - mean) * (x - mean);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

void compare_columns(const std::vector<std::vector<double>>& columns, TableSummary& out) {
  constexpr std::size_t kEnough = 5;
  constexpr double kMixed = 20;  // ratio of spreads between columns that one unit hardly explains
  double smallest = 0, largest = 0;
  for (const auto& values : columns) {
    if (values.size() < kEnough) continue;
    const double spread = spread_of(values);
    if (!(spread > 0)) continue;
    smallest = smallest == 0 ? spread : std::min(smallest, spread);
    largest = std::max(largest, spread);
  }
  if (smallest > 0) out.largest_spread_ratio = largest / smallest;
  out.mixed_units = out.largest_spread_ratio > kMixed;
}

// A value at the end of the range, often, and farther from all others than they are from each other: -200, 9999.
std::string lone_value(std::vector<double>& values, const std::string& where) {
  constexpr std::size_t kFew = 20;
  if (values.size() < kFew) return "";
  std::sort(values.begin(), values.end());
  const auto judge = [&](double end, std::size_t count, double next, double other_end) -> std::string {
    const bool often = count >= 3 && count * 200 >= values.size() && count + kFew / 2 < values.size();
    if (!often || end == 0 || std::abs(next - end) <= std::abs(other_end - next) || next == other_end) return "";
    return fmt::format(
        "{} has the value {} {} times, far from all others ({} to {}): if it means a hole, pass "
        "--missing {}",
        where, end, count, std::min(next, other_end), std::max(next, other_end), end);
  };
  const auto low_end = std::upper_bound(values.begin(), values.end(), values.front());
  const auto high_begin = std::lower_bound(values.begin(), values.end(), values.back());
  if (low_end == values.end()) return "";
  std::string text = judge(values.front(), low_end - values.begin(), *low_end, values.back());
  if (text.empty()) text = judge(values.back(), values.end() - high_begin, *(high_begin - 1), values.front());
  return text;
}

}  // namespace

TableSummary summarize(const Table& table) {
  TableSummary out;
  std::vector<Index> rows(static_cast<std::size_t>(table.num_rows())),
      columns(static_cast<std::size_t>(table.num_columns()));
  for (Index i = 0; i < table.num_rows(); ++i) rows[i] = table.row_begin[i + 1] - table.row_begin[i];
  for (const std::int32_t j : table.column) ++columns[j];
  out.rows = axis_summary(std::move(rows));
  out.columns = axis_summary(std::move(columns));
  const ValueSummary overall = value_summary(table.value);
  overall.copy_to(out);
  find_scale(overall.distinct, out);
  if (table.layout != Table::Layout::dense || table.num_columns() < 2) return out;
  std::vector<std::vector<double>> values = by_column(table);
  compare_columns(values, out);
  constexpr std::size_t kMostSuspicions = 5;
  for (Index j = 0; j < table.num_columns() && out.suspicions.size() < kMostSuspicions; ++j) {
    const std::string text = lone_value(values[j], "column " + shown(table.columns.name(j)));
    if (!text.empty()) out.suspicions.push_back(text);
  }
  return out;
}

}  // namespace rankflow
