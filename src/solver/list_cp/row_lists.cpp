// The fitted observations of a list, row by row of every mode.
// SPDX-License-Identifier: Apache-2.0
#include "solver/list_cp/row_lists.h"

#include <algorithm>

#include "base/threads.h"

namespace rankflow::list_cp {
namespace {
constexpr Index kRangeEntries = 10'000;
}

RowLists::RowLists(const Tensor& tensor, const std::vector<std::uint8_t>& part) : part_(part) {
  count_ = std::count(part.begin(), part.end(), 0);
  for (Index n = 0; n < tensor.order(); ++n) {
    const std::vector<std::int32_t>& index = tensor.index[n];
    std::vector<Index>& begin = begin_.emplace_back(static_cast<std::size_t>(tensor.size(n) + 1), 0);
    for (Index k = 0; k < tensor.num_observed(); ++k)
      if (n == 0 || part[k] == 0) ++begin[index[k] + 1];
    for (Index i = 0; i < tensor.size(n); ++i) begin[i + 1] += begin[i];
    std::vector<std::uint32_t>& number = number_.emplace_back();
    if (n > 0) {
      number.resize(static_cast<std::size_t>(count_));
      std::vector<Index> next(begin.begin(), begin.end() - 1);
      for (Index k = 0; k < tensor.num_observed(); ++k)
        if (part[k] == 0) number[next[index[k]]++] = static_cast<std::uint32_t>(k);
    }
    ranges_.push_back(balanced_ranges(begin, kRangeEntries));
  }
}

}  // namespace rankflow::list_cp
