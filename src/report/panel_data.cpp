// What do the charts of factors and spectra need: places, their names, and series that a screen can resolve?
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "rankflow/error.h"
#include "report/decimate.h"
#include "report/json_data.h"

namespace rankflow::report {
namespace {

constexpr Index kMostPlaces = 1500;

const char* word(ReportPanel::Kind kind) {
  switch (kind) {
    case ReportPanel::Kind::lines:
      return "lines";
    case ReportPanel::Kind::points:
      return "points";
    case ReportPanel::Kind::bars:
      break;
  }
  return "bars";
}

template <class T>
std::vector<T> pick(const std::vector<T>& from, const std::vector<Index>& kept) {
  std::vector<T> picked;
  for (const Index k : kept) picked.push_back(from[static_cast<std::size_t>(k)]);
  return picked;
}

}  // namespace

Json panel_data(const ReportPanel& panel) {
  std::vector<std::vector<double>> all;
  for (const ReportPanel::Series& series : panel.series) {
    RANKFLOW_ASSERT(series.values.size() == panel.x.size(), "a series has another length than its axis");
    all.push_back(series.values);
  }
  const std::vector<Index> kept = decimate(all, kMostPlaces);
  Json data = {{"title", panel.title},     {"caption", panel.caption},         {"x_title", panel.x_title},
               {"y_title", panel.y_title}, {"kind", word(panel.kind)},         {"log", panel.logarithmic},
               {"wide", panel.wide},       {"x", numbers(pick(panel.x, kept))}};
  if (!panel.labels.empty()) data["labels"] = pick(panel.labels, kept);
  data["series"] = Json::array();
  for (std::size_t k = 0; k < panel.series.size(); ++k)
    data["series"].push_back({{"name", panel.series[k].name}, {"values", numbers(pick(all[k], kept))}});
  return data;
}

}  // namespace rankflow::report
