// What the summaries of tables and arrays have in common: observations of an axis, moments and different values.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_set>
#include <vector>

#include "rankflow/summary.h"

namespace rankflow {

/// `counts`: observations of each row, column or index.
AxisSummary axis_summary(std::vector<Index> counts);

/// How the ids of an axis are written: "integers", "names" or "positions".
const char* kind_word(const Axis& axis);

/// A line of text, and an object, about the observations of an axis.
std::string observations_line(const AxisSummary& summary);
nlohmann::ordered_json axis_json(const Axis& axis, const AxisSummary& summary);

struct ValueSummary {
  double min = kNaN, max = kNaN, mean = kNaN, spread = kNaN;
  std::unordered_set<double> distinct;  // one more than kMostDistinct at most

  /// Into a TableSummary or a TensorSummary.
  template <class Summary>
  void copy_to(Summary& out) const {
    out.min = min;
    out.max = max;
    out.mean = mean;
    out.spread = spread;
    const auto count = static_cast<Index>(distinct.size());
    out.num_distinct = std::min(count, kMostDistinct);
    out.distinct_is_lower_bound = count > kMostDistinct;
  }
};
ValueSummary value_summary(const std::vector<double>& values);

}  // namespace rankflow
