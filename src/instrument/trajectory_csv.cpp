// A trajectory as a CSV file: a header, one row per record, an empty cell where a number does not apply.
// SPDX-License-Identifier: Apache-2.0
#include "instrument/trajectory_csv.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <string_view>

#include "data/output_file.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

std::vector<std::string_view> cells_of(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  std::vector<std::string_view> cells;
  for (std::size_t begin = 0;;) {
    const std::size_t comma = line.find(',', begin);
    cells.push_back(line.substr(begin, comma - begin));
    if (comma == std::string_view::npos) return cells;
    begin = comma + 1;
  }
}

double number(std::string_view cell, const std::string& where) {
  if (cell.empty()) return kNaN;
  double value = 0;
  const auto [stop, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || stop != cell.data() + cell.size())
    throw InputError(where, fmt::format("found '{}', expected a number or nothing", cell));
  return value;
}

}  // namespace

void Trajectory::write_csv(const std::string& path) const {
  std::string text;
  for (const std::string& column : columns) {
    RANKFLOW_ASSERT(column.find_first_of(",\"\r\n") == std::string::npos, "column " + column);
    text += (text.empty() ? "" : ",") + column;
  }
  text += '\n';
  for (const auto& row : rows) {
    RANKFLOW_ASSERT(row.size() == columns.size(), "a row of a trajectory has another length than its header");
    for (std::size_t k = 0; k < row.size(); ++k) {
      if (k > 0) text += ',';
      if (!std::isnan(row[k])) fmt::format_to(std::back_inserter(text), "{}", row[k]);
    }
    text += '\n';
  }
  write_file(path, text);
}

Trajectory parse_trajectory(std::istream& text, const std::string& name) {
  Trajectory trajectory;
  std::string line;
  if (!std::getline(text, line) || cells_of(line).front().empty())
    throw InputError(name + ":1", "found no header, expected the names of the columns");
  for (const std::string_view cell : cells_of(line)) trajectory.columns.emplace_back(cell);
  for (Index at = 2; std::getline(text, line); ++at) {
    if (line.empty() || line == "\r") continue;
    const std::string where = name + ":" + std::to_string(at);
    const auto cells = cells_of(line);
    if (cells.size() != trajectory.columns.size())
      throw InputError(where, fmt::format("found {} cells, expected {}", cells.size(), trajectory.columns.size()));
    auto& row = trajectory.rows.emplace_back();
    for (const std::string_view cell : cells) row.push_back(number(cell, where));
  }
  return trajectory;
}

Trajectory Trajectory::read_csv(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path, "cannot be opened", "the file has to exist and be readable");
  return parse_trajectory(file, path);
}

}  // namespace rankflow
