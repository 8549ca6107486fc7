// The fitted observations of a list, row by row of every mode.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "rankflow/tensor.h"

namespace rankflow::list_cp {

/// Observations whose part is 0. The tensor is sorted by its first mode, so that one needs no list of its own.
class RowLists {
 public:
  RowLists(const Tensor& tensor, const std::vector<std::uint8_t>& part);

  Index count() const { return count_; }
  /// Ranges of rows of a mode with about the same number of observations.
  const std::vector<Index>& ranges(Index mode) const { return ranges_[mode]; }
  bool has_any(Index mode, Index row) const { return begin_[mode][row + 1] > begin_[mode][row]; }

  /// Calls work(k) for the fitted observations of a row.
  template <class Work>
  void visit(Index mode, Index row, Work&& work) const {
    for (Index q = begin_[mode][row]; q < begin_[mode][row + 1]; ++q) {
      const Index k = mode == 0 ? q : static_cast<Index>(number_[mode][q]);
      if (mode > 0 || part_[k] == 0) work(k);
    }
  }

 private:
  const std::vector<std::uint8_t>& part_;
  Index count_ = 0;
  std::vector<std::vector<Index>> begin_;           // per mode, one more than there are rows
  std::vector<std::vector<std::uint32_t>> number_;  // per mode; empty for the first
  std::vector<std::vector<Index>> ranges_;
};

}  // namespace rankflow::list_cp
