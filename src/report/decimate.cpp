// Which steps of a long series does a chart need?
// SPDX-License-Identifier: Apache-2.0
#include "report/decimate.h"

#include <algorithm>
#include <cmath>

namespace rankflow::report {
namespace {

// Adds the positions of the smallest and largest value in [begin, end).
void keep_extremes(const std::vector<double>& values, Index begin, Index end, std::vector<Index>& kept) {
  Index low = -1, high = -1;
  for (Index i = begin; i < end; ++i) {
    if (std::isnan(values[i])) continue;
    if (low < 0 || values[i] < values[low]) low = i;
    if (high < 0 || values[i] > values[high]) high = i;
  }
  if (low >= 0) kept.insert(kept.end(), {low, high});
}

}  // namespace

std::vector<Index> decimate(const std::vector<std::vector<double>>& series, Index budget) {
  const Index count = series.empty() ? 0 : static_cast<Index>(series[0].size());
  std::vector<Index> kept;
  if (count <= budget) {
    for (Index i = 0; i < count; ++i) kept.push_back(i);
    return kept;
  }
  kept = {0, count - 1};
  for (const std::vector<double>& values : series) keep_extremes(values, 0, count, kept);
  const Index stretches = std::max<Index>(1, budget / 4);  // two positions each: half of the budget
  for (Index k = 0; k < stretches; ++k)
    keep_extremes(series[0], count * k / stretches, count * (k + 1) / stretches, kept);
  const Index ratios = std::max<Index>(2, budget / 2);
  for (Index k = 0; k < ratios; ++k)
    kept.push_back(static_cast<Index>(std::pow(static_cast<double>(count - 1), static_cast<double>(k) / (ratios - 1))));
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  return kept;
}

}  // namespace rankflow::report
