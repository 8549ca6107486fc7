// What is in a table, in numbers a person can judge: sizes, counts, values, and what looks odd.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "rankflow/table.h"

namespace rankflow {

/// How many observations the rows (or columns) have.
struct AxisSummary {
  Index count = 0, without = 0;  // all; those without observation
  Index least = 0, most = 0;     // observations of one of them
  double median = 0;
};

struct TableSummary {
  AxisSummary rows, columns;
  double min = kNaN, max = kNaN, mean = kNaN, spread = kNaN;  // spread: standard deviation
  Index num_distinct = 0;                                     // different values; counted up to kMostDistinct
  bool distinct_is_lower_bound = false;
  double step = 0;  // all values are multiples of it, at most 101 levels; 0 = no such scale
  /// Columns of a dense table differ so much in size that they must have different units.
  bool mixed_units = false;
  double largest_spread_ratio = 1;      // between columns
  std::vector<std::string> suspicions;  // one sentence each
};

inline constexpr Index kMostDistinct = 10'000;

/// O(observations log) time; one pass per question.
TableSummary summarize(const Table& table);

}  // namespace rankflow
