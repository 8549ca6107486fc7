// Which steps of a long series does a chart need?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/types.h"

namespace rankflow::report {

/// Positions to keep, ascending, at most about `budget` of them: all if they fit; otherwise the first, the last, the
/// smallest and largest value of every series, and from stretches of equal length the extremes of `series[0]` (for
/// linear axes) and from stretches of equal ratio the first position (for logarithmic ones). All series have the same
/// length; NaN is never an extreme.
std::vector<Index> decimate(const std::vector<std::vector<double>>& series, Index budget);

}  // namespace rankflow::report
