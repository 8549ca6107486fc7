// Tables of runs and of groups of runs.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/study_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace rankflow::experiment {
namespace {

constexpr std::size_t kMostColumns = 24;  // of a trajectory that a table shows

bool is_seed(const std::string& key) {
  return key.ends_with(".seed");
}

std::vector<std::string> varied_keys(const std::vector<PlannedRun>& plan, bool with_seeds) {
  std::vector<std::string> keys;
  for (const PlannedRun& run : plan)
    for (const auto& [key, value] : run.varied)
      if ((with_seeds || !is_seed(key)) && std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  return keys;
}

// Numbers of a finished run that a table shows: how long it took and what it ended with.
std::vector<std::pair<std::string, double>> shown_numbers(const RunRecord& record) {
  std::vector<std::pair<std::string, double>> numbers;
  for (const char* name : {"iterations", "seconds", "norm", "dual_bound"})
    if (const auto found = record.outcome.numbers.find(name); found != record.outcome.numbers.end())
      numbers.emplace_back(name, found->second);
  const Trajectory& trajectory = record.outcome.trajectory;
  for (std::size_t k = 0; k < trajectory.columns.size() && k < kMostColumns; ++k)
    if (trajectory.columns[k] != "iteration" && trajectory.columns[k] != "time" && !trajectory.rows.empty())
      numbers.emplace_back(trajectory.columns[k], trajectory.rows.back()[k]);
  return numbers;
}

std::vector<std::string> number_columns(const std::vector<RunRecord>& records) {
  std::vector<std::string> columns;
  for (const RunRecord& record : records)
    for (const auto& [name, value] : shown_numbers(record))
      if (std::find(columns.begin(), columns.end(), name) == columns.end()) columns.push_back(name);
  return columns;
}

std::string cell(double value) {
  return std::isnan(value) ? "" : fmt::format("{:.6g}", value);
}

std::vector<double> values_of(const std::string& column, const std::vector<std::size_t>& members,
                              const std::vector<RunRecord>& records) {
  std::vector<double> values;
  for (const std::size_t k : members)
    for (const auto& [name, value] : shown_numbers(records[k]))
      if (name == column && !std::isnan(value)) values.push_back(value);
  return values;
}

// NaN where there are too few values; the deviation is the unbiased one.
std::pair<double, double> mean_and_deviation(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / count;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {values.empty() ? kNaN : mean, values.size() < 2 ? kNaN : std::sqrt(squares / (count - 1))};
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string safe = "\"";
  for (const char c : text) safe += c == '"' ? std::string("\"\"") : std::string(1, c);
  return safe + "\"";
}

}  // namespace

std::string SummaryTable::csv() const {
  std::string text;
  const auto line = [&text](const std::vector<std::string>& cells) {
    for (std::size_t k = 0; k < cells.size(); ++k) {
      if (k > 0) text += ",";
      text += csv_cell(cells[k]);
    }
    text += "\n";
  };
  line(head);
  for (const std::vector<std::string>& row : rows) line(row);
  return text;
}

std::string SummaryTable::text() const {
  std::vector<std::size_t> width(head.size());
  const auto widen = [&width](const std::vector<std::string>& cells) {
    for (std::size_t k = 0; k < cells.size(); ++k) width[k] = std::max(width[k], cells[k].size());
  };
  widen(head);
  for (const std::vector<std::string>& row : rows) widen(row);
  std::string text;
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string one;
    for (std::size_t k = 0; k < cells.size(); ++k)
      one += k < words ? fmt::format("{:<{}}  ", cells[k], width[k]) : fmt::format("{:>{}}  ", cells[k], width[k]);
    text += one.substr(0, one.find_last_not_of(' ') + 1) + "\n";
  };
  line(head);
  for (const std::vector<std::string>& row : rows) line(row);
  return text;
}

SummaryTable run_table(const std::vector<PlannedRun>& plan, const std::vector<RunRecord>& records) {
  const std::vector<std::string> keys = varied_keys(plan, true), columns = number_columns(records);
  SummaryTable table;
  table.words = keys.size() + 1;
  for (const std::string& key : keys) table.head.push_back(short_key(key));
  table.head.push_back("stop");
  table.head.insert(table.head.end(), columns.begin(), columns.end());
  for (std::size_t k = 0; k < plan.size(); ++k) {
    std::vector<std::string> row;
    for (const std::string& key : keys) row.push_back(plan[k].setting(key));
    row.push_back(records[k].usable()                              ? records[k].outcome.stop
                  : records[k].status == RunRecord::Status::failed ? "failed: " + records[k].why
                                                                   : "not made");
    std::map<std::string, double> numbers;
    for (const auto& [name, value] : shown_numbers(records[k])) numbers[name] = value;
    for (const std::string& column : columns) row.push_back(numbers.count(column) > 0 ? cell(numbers[column]) : "");
    table.rows.push_back(std::move(row));
  }
  return table;
}

SummaryTable group_table(const std::vector<PlannedRun>& plan, const std::vector<RunRecord>& records) {
  const std::vector<std::string> keys = varied_keys(plan, false), columns = number_columns(records);
  std::vector<std::pair<std::vector<std::string>, std::vector<std::size_t>>> groups;
  for (std::size_t k = 0; k < plan.size(); ++k) {
    if (!records[k].usable()) continue;
    std::vector<std::string> values;
    for (const std::string& key : keys) values.push_back(plan[k].setting(key));
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == values; });
    if (found == groups.end())
      groups.push_back({values, {k}});
    else
      found->second.push_back(k);
  }
  SummaryTable table;
  if (std::none_of(groups.begin(), groups.end(), [](const auto& g) { return g.second.size() > 1; })) return table;
  table.words = keys.size();
  for (const std::string& key : keys) table.head.push_back(short_key(key));
  table.head.push_back("runs");
  for (const std::string& column : columns) table.head.insert(table.head.end(), {column, column + " ±"});
  for (const auto& [values, members] : groups) {
    std::vector<std::string> row = values;
    row.push_back(std::to_string(members.size()));
    for (const std::string& column : columns) {
      const auto [mean, deviation] = mean_and_deviation(values_of(column, members, records));
      row.push_back(cell(mean));
      row.push_back(cell(deviation));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace rankflow::experiment
