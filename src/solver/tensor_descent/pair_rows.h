// Which combinations of two lists' rows occur in the observations: each is computed once, however often it occurs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "rankflow/types.h"

namespace rankflow::tensor_descent {

/// Pairs of a row of one list and a row of another, sorted by left row, then right row; each pair once.
struct PairRows {
  std::vector<std::int32_t> left, right;  // by pair
  std::vector<Index> left_begin;          // pairs of a left row: consecutive
  std::vector<Index> right_begin;         // pairs of a right row: those at right_pair[right_begin[j]] ...
  std::vector<std::int32_t> right_pair;
  std::vector<Index> left_ranges, right_ranges;  // rows that a thread takes at a time, and the end

  Index count() const { return static_cast<Index>(left.size()); }
  Index left_count() const { return static_cast<Index>(left_begin.size()) - 1; }
  Index right_count() const { return static_cast<Index>(right_begin.size()) - 1; }
};

/// row[k], right_row[k]: the rows of observation k. Overwrites `row` with the observation's pair.
PairRows distinct_pairs(std::vector<std::int32_t>& row, const std::vector<std::int32_t>& right_row, Index left_count,
                        Index right_count);

}  // namespace rankflow::tensor_descent
