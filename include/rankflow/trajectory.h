// What instruments recorded along a run, and the features that claims are made of: crossings, half times, plateaus.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "rankflow/types.h"

namespace rankflow {

/// What was recorded: one row per snapshot, columns by name. The first columns are always iteration, time, loss.
struct Trajectory {
  std::vector<std::string> columns;
  std::vector<std::vector<double>> rows;

  bool has(const std::string& column) const;
  /// One column over all rows. Throws OptionError listing the columns there are.
  std::vector<double> series(const std::string& column) const;
  double last(const std::string& column) const;
  /// Atomic. NaN is an empty cell. Full precision.
  void write_csv(const std::string& path) const;
  static Trajectory read_csv(const std::string& path);
};

/// The first record at which y is at or above `level` (`below`: at or below it); -1 if there is none.
Index first_record(std::span<const double> y, double level, bool below = false);
/// x where y first crosses `level`, interpolated between records; NaN if it never does.
double first_crossing(std::span<const double> x, std::span<const double> y, double level, bool below = false);
/// x where y first reaches half of its last value.
double half_time(std::span<const double> x, std::span<const double> y);
double half_time(const Trajectory& trajectory, const std::string& column, const std::string& against = "iteration");

/// Records [first, last] over which something held, and where they lie on the x axis.
struct Stretch {
  Index first = -1, last = -1;
  double begin = kNaN, end = kNaN;
  bool empty() const { return first < 0; }
  double length() const { return empty() ? 0 : end - begin; }
};
/// The longest stretch (along x) of records over which |y - level| <= share * |level|.
Stretch longest_plateau(std::span<const double> x, std::span<const double> y, double level, double share);

/// By how much y falls below an earlier value at most, from record `first` on; 0 = it never decreases.
double largest_fall(std::span<const double> y, Index first = 0);
/// By how much y rises above an earlier value at most; 0 = it never increases.
double largest_rise(std::span<const double> y, Index first = 0);

}  // namespace rankflow
