// How far the samples' predictions spread, for every cell, from a few probed cells of each row and column.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "linalg/aligned.h"
#include "rankflow/archive.h"
#include "rankflow/types.h"

namespace rankflow::posterior {

/// Follows the predictions of a few random cells of every row and of every column over the samples; afterwards the
/// variance at (i, j) is described as row_i + column_j, both >= 0 (least squares on the probes by alternation).
template <class T>
class SpreadProbes {
 public:
  SpreadProbes(Index rows, Index columns, std::uint64_t seed);
  void add(const AlignedRows<T>& rows, const AlignedRows<T>& columns);
  void fit(Vector& row_spread, Vector& column_spread) const;
  void save(Archive& archive, const std::string& prefix) const;
  void load(const Archive& archive, const std::string& prefix);

 private:
  Index num_rows_, num_columns_, samples_ = 0;
  std::vector<std::int32_t> row_, column_;
  std::vector<float> mean_, squares_;  // Welford's running mean and sum of squared deviations
};

}  // namespace rankflow::posterior
