// Finds the distinct pairs of rows: by a table of all pairs where that is small, by sorting otherwise.
// SPDX-License-Identifier: Apache-2.0
#include "solver/tensor_descent/pair_rows.h"

#include <algorithm>
#include <numeric>

#include "base/threads.h"
#include "rankflow/error.h"

namespace rankflow::tensor_descent {
namespace {

constexpr Index kTablePerObservation = 16;
constexpr Index kRange = 256;  // pairs that a thread takes at a time

// Positions of `keys` among the distinct ones, which come back ascending.
std::vector<Index> rank_keys(const std::vector<Index>& keys, Index range, std::vector<std::int32_t>& rank) {
  std::vector<Index> distinct;
  const auto count = static_cast<Index>(keys.size());
  if (range <= kTablePerObservation * count) {
    std::vector<std::int32_t> position(static_cast<std::size_t>(range), 0);
    for (const Index key : keys) position[key] = 1;
    for (Index key = 0; key < range; ++key) {
      if (position[key] == 0) continue;
      position[key] = static_cast<std::int32_t>(distinct.size());
      distinct.push_back(key);
    }
    for (Index k = 0; k < count; ++k) rank[k] = position[keys[k]];
    return distinct;
  }
  distinct = keys;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  for (Index k = 0; k < count; ++k)
    rank[k] = static_cast<std::int32_t>(std::lower_bound(distinct.begin(), distinct.end(), keys[k]) - distinct.begin());
  return distinct;
}

// Where the pairs of each row begin, from the rows of the pairs.
std::vector<Index> begins(const std::vector<std::int32_t>& row, Index rows) {
  std::vector<Index> begin(static_cast<std::size_t>(rows) + 1, 0);
  for (const std::int32_t r : row) ++begin[r + 1];
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  return begin;
}

}  // namespace

PairRows distinct_pairs(std::vector<std::int32_t>& row, const std::vector<std::int32_t>& right_row, Index left_count,
                        Index right_count) {
  RANKFLOW_ASSERT(row.size() == right_row.size(), "both rows of every observation");
  std::vector<Index> keys(row.size());
  for (std::size_t k = 0; k < row.size(); ++k) keys[k] = row[k] * right_count + right_row[k];
  const std::vector<Index> distinct = rank_keys(keys, left_count * right_count, row);

  PairRows pairs;
  pairs.left.reserve(distinct.size());
  pairs.right.reserve(distinct.size());
  for (const Index key : distinct) {
    pairs.left.push_back(static_cast<std::int32_t>(key / right_count));
    pairs.right.push_back(static_cast<std::int32_t>(key % right_count));
  }
  pairs.left_begin = begins(pairs.left, left_count);
  pairs.right_begin = begins(pairs.right, right_count);
  pairs.right_pair.resize(distinct.size());
  std::vector<Index> next(pairs.right_begin.begin(), pairs.right_begin.end() - 1);
  for (std::size_t p = 0; p < distinct.size(); ++p)
    pairs.right_pair[next[pairs.right[p]]++] = static_cast<std::int32_t>(p);
  pairs.left_ranges = balanced_ranges(pairs.left_begin, kRange);
  pairs.right_ranges = balanced_ranges(pairs.right_begin, kRange);
  return pairs;
}

}  // namespace rankflow::tensor_descent
