// Averages of an array's predictions over modes whose index nobody has seen, without a look at every cell of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "rankflow/generalized_cp.h"
#include "rankflow/unfolded_matrix.h"

namespace rankflow::completion {

/// Positions of -1 stand for all indices of their mode.
using OpenIndex = std::span<const std::int32_t>;

/// The mean at the averages of effects and factors: for losses whose mean is linear the average itself.
double average_mean(const GeneralizedCp& model, OpenIndex index);

/// Of an unfolding: rows and columns are averaged one by one, since every row meets every column. One pass over a
/// side's rows for each set of modes that is asked for.
class UnfoldedAverages {
 public:
  double at(const UnfoldedMatrix& model, OpenIndex index) const;

 private:
  struct Row {
    double bias = 0;
    Vector factor;
  };
  using Rows = std::unordered_map<Index, Row>;  // by the combined index of the modes that are known
  Row average(const UnfoldedSide& side, const std::vector<Index>& shape, const Vector& bias, const Matrix& factor,
              OpenIndex index, std::map<std::vector<bool>, Rows>& known) const;

  mutable std::mutex mutex_;
  mutable std::map<std::vector<bool>, Rows> rows_, columns_;  // by which modes are open
};

/// Of cells that are all there: one pass over them for each set of modes that is asked for.
class CellAverages {
 public:
  double at(const std::vector<float>& values, const std::vector<Index>& shape, OpenIndex index) const;

 private:
  mutable std::mutex mutex_;
  mutable std::map<std::vector<bool>, std::vector<double>> known_;  // means over the open modes, by the others
};

}  // namespace rankflow::completion
