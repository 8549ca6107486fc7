// Counts and moments.
// SPDX-License-Identifier: Apache-2.0
#include "data/summary_parts.h"

#include <fmt/format.h>

#include <cmath>

namespace rankflow {

AxisSummary axis_summary(std::vector<Index> counts) {
  AxisSummary summary;
  summary.count = static_cast<Index>(counts.size());
  if (counts.empty()) return summary;
  std::sort(counts.begin(), counts.end());
  summary.least = counts.front();
  summary.most = counts.back();
  const std::size_t half = counts.size() / 2;
  const auto upper = static_cast<double>(counts[half]);
  summary.median = counts.size() % 2 == 1 ? upper : (static_cast<double>(counts[half - 1]) + upper) / 2;
  summary.without = std::upper_bound(counts.begin(), counts.end(), 0) - counts.begin();
  return summary;
}

const char* kind_word(const Axis& axis) {
  switch (axis.kind()) {
    case Axis::Kind::integers:
      return "integers";
    case Axis::Kind::strings:
      return "names";
    default:
      return "positions";
  }
}

std::string observations_line(const AxisSummary& summary) {
  return fmt::format("         observations each: least {}, median {}, most {}; without any: {}\n", summary.least,
                     summary.median, summary.most, summary.without);
}

nlohmann::ordered_json axis_json(const Axis& axis, const AxisSummary& summary) {
  return {{"count", axis.size()},
          {"ids", kind_word(axis)},
          {"title", axis.title},
          {"observations", {{"min", summary.least}, {"median", summary.median}, {"max", summary.most}}},
          {"without_observations", summary.without}};
}

ValueSummary value_summary(const std::vector<double>& values) {
  ValueSummary out;
  if (values.empty()) return out;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  out.min = *low;
  out.max = *high;
  // Around the smallest value: sums of large numbers with a small spread would lose it.
  double sum = 0, squares = 0;
  for (const double x : values) {
    sum += x - out.min;
    squares += (x - out.min) * (x - out.min);
  }
  const auto count = static_cast<double>(values.size());
  out.mean = out.min + sum / count;
  out.spread = std::sqrt(std::max(0.0, squares / count - sum / count * (sum / count)));
  for (const double x : values) {
    out.distinct.insert(x);
    if (static_cast<Index>(out.distinct.size()) > kMostDistinct) break;
  }
  return out;
}

}  // namespace rankflow
