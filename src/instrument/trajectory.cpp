// Which columns does a trajectory have, and what is in them?
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/trajectory.h"

#include <algorithm>

#include "rankflow/error.h"

namespace rankflow {
namespace {

std::size_t place(const Trajectory& trajectory, const std::string& column) {
  const auto& all = trajectory.columns;
  const auto found = std::find(all.begin(), all.end(), column);
  if (found != all.end()) return static_cast<std::size_t>(found - all.begin());
  std::string known;
  for (const std::string& name : all) known += (known.empty() ? "" : ", ") + name;
  throw OptionError("there is no column '" + column + "'", "the columns are " + known);
}

}  // namespace

bool Trajectory::has(const std::string& column) const {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

std::vector<double> Trajectory::series(const std::string& column) const {
  const std::size_t at = place(*this, column);
  std::vector<double> values;
  values.reserve(rows.size());
  for (const auto& row : rows) values.push_back(row.at(at));
  return values;
}

double Trajectory::last(const std::string& column) const {
  const std::size_t at = place(*this, column);
  return rows.empty() ? kNaN : rows.back().at(at);
}

}  // namespace rankflow
