// Is a difference that was seen on a number of cells more than chance?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace rankflow {

/// The sum of `gains` is more than `standard_errors` of its standard errors above 0. False for fewer than two, and
/// where all are equal: then nothing is known of their spread.
bool beyond_chance(std::span<const double> gains, double standard_errors);

/// More of them are above 0 than heads fall in as many throws of a coin, by `standard_errors` (sign test; 0 is half a
/// head).
bool mostly_positive(std::span<const double> gains, double standard_errors);

/// Whether predictions x are nearer to the values y than constants are, by more than chance: in the squares than `mean`
/// is, or more often than `median` is. Few large values can hide a difference in the squares that most cells show; and
/// among skewed values anything near the median is nearer than the mean most of the time. Values that are all
/// equal decide nothing. `weight` may be empty.
bool nearer_than_constants(std::span<const double> x, std::span<const double> y, std::span<const double> weight,
                           double mean, double median, double standard_errors);

/// Lower median. NaN of nothing.
double median_of(std::span<const double> values);

}  // namespace rankflow
