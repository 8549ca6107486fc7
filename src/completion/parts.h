// Which observations train, which choose and which judge; and in which units the engines see them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "rankflow/complete.h"

namespace rankflow::completion {

/// One part per observation, drawn independently with the given shares (validation: of what is not held out).
std::vector<Part> split(Index count, double held_out, double validation, std::uint64_t seed);

/// True where the columns of a dense table are measured in different units: the largest spread of a column is over
/// three times the smallest, or their means are more than thirty of the largest spreads apart. Held-out observations
/// are not looked at, here and below.
bool columns_differ(const Table& table, const std::vector<Part>& parts);

/// Weighted mean and standard deviation of each column over the observations whose part is not held out; columns
/// without spread keep scale 1.
ColumnScaling column_scaling(const Table& table, const std::vector<Part>& parts);

/// Below what residuals in each column mean nothing: 2^-52 of the largest value of the column (of the table, unless the
/// columns are standardized) among those that are not held out.
Vector rounding_levels(const Table& table, const std::vector<Part>& parts, bool per_column);

/// The values' scale if they have one (at most 64 distinct values that repeat, or an image): {low, high}, otherwise
/// {1, -1}.
std::pair<double, double> value_range(const Table& table, const std::vector<Part>& parts);

}  // namespace rankflow::completion
