// Describing tables.
// SPDX-License-Identifier: Apache-2.0
#include "cli/table_report.h"

#include <fmt/format.h>

#include "base/json_text.h"
#include "data/summary_parts.h"

namespace rankflow::cli {
namespace {

std::string examples(const Axis& axis) {
  std::string text;
  for (Index i = 0; i < std::min<Index>(axis.size(), 3); ++i) text += (i > 0 ? ", " : "") + axis.name(i);
  return text + (axis.size() > 3 ? ", ..." : "");
}

void print_axis(const char* what, const Axis& axis, const AxisSummary& summary) {
  fmt::print("{:9}{} {}{}: {}\n", what, axis.size(), kind_word(axis),
             axis.title.empty() ? "" : fmt::format(" '{}'", axis.title), examples(axis));
  fmt::print("{}", observations_line(summary));
}

std::string distinct_text(const TableSummary& summary) {
  return fmt::format("{}{} different", summary.distinct_is_lower_bound ? "more than " : "", summary.num_distinct);
}

}  // namespace

void print_table(const Table& table, const TableSummary& summary) {
  fmt::print("{}: {}\n", table.source, table.format);
  fmt::print("size     {} rows x {} columns, {} observed ({:.4g} %)\n", table.num_rows(), table.num_columns(),
             table.num_observed(), 100 * table.density());
  print_axis("rows", table.rows, summary.rows);
  print_axis("columns", table.columns, summary.columns);
  fmt::print("values   {} to {}, mean {:.5g}, standard deviation {:.5g}, {}{}\n", summary.min, summary.max,
             summary.mean, summary.spread, distinct_text(summary),
             summary.step > 0 ? fmt::format(": looks like ratings or counts in steps of {}", summary.step) : "");
  if (!table.weight.empty()) fmt::print("weights  one per observation\n");
  if (summary.mixed_units)
    fmt::print("units    the largest column varies {:.3g} times as much as the smallest: their units differ\n",
               summary.largest_spread_ratio);
  for (const std::string& note : table.notes) fmt::print("note: {}\n", note);
  for (const std::string& warning : table.warnings) fmt::print("warning: {}\n", warning);
  for (const std::string& suspicion : summary.suspicions) fmt::print("warning: {}\n", suspicion);
}

void print_warnings(const Table& table) {
  for (const std::string& warning : table.warnings) fmt::print(stderr, "warning: {}\n", warning);
}

nlohmann::ordered_json table_json(const Table& table, const TableSummary& summary) {
  nlohmann::ordered_json object = {{"file", table.source},
                                   {"format", table.format},
                                   {"rows", axis_json(table.rows, summary.rows)},
                                   {"columns", axis_json(table.columns, summary.columns)},
                                   {"observed", table.num_observed()},
                                   {"density", table.density()}};
  object["values"] = {{"title", table.value_title},
                      {"min", summary.min},
                      {"max", summary.max},
                      {"mean", summary.mean},
                      {"standard_deviation", summary.spread},
                      {"distinct", summary.num_distinct},
                      {"distinct_is_lower_bound", summary.distinct_is_lower_bound},
                      {"step", summary.step},
                      {"integers", table.integer_values}};
  object["weights"] = !table.weight.empty();
  object["mixed_units"] = summary.mixed_units;
  object["notes"] = table.notes;
  nlohmann::ordered_json warnings = table.warnings;
  for (const std::string& suspicion : summary.suspicions) warnings.push_back(suspicion);
  object["warnings"] = warnings;
  return object;
}

std::string dump(const nlohmann::ordered_json& object) {
  return json_text(object, 2);
}

}  // namespace rankflow::cli
