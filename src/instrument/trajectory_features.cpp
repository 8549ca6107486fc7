// Crossings, half times, plateaus and falls of a recorded series.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include "rankflow/error.h"
#include "rankflow/trajectory.h"

namespace rankflow {
namespace {

void check_same_length(std::span<const double> x, std::span<const double> y) {
  if (x.size() == y.size()) return;
  throw OptionError("the series have " + std::to_string(x.size()) + " and " + std::to_string(y.size()) + " records",
                    "both have to come from the same trajectory");
}

// NaN where nothing could be compared: a claim about it must not hold.
double largest_excess_over_later(std::span<const double> y, Index first, double sign) {
  double extreme = -std::numeric_limits<double>::infinity(), most = 0;
  Index numbers = 0;
  for (std::size_t k = static_cast<std::size_t>(std::max<Index>(first, 0)); k < y.size(); ++k) {
    if (std::isnan(y[k])) continue;
    ++numbers;
    extreme = std::max(extreme, sign * y[k]);
    most = std::max(most, extreme - sign * y[k]);
  }
  return numbers > 1 ? most : kNaN;
}

}  // namespace

Index first_record(std::span<const double> y, double level, bool below) {
  for (std::size_t k = 0; k < y.size(); ++k)
    if (below ? y[k] <= level : y[k] >= level) return static_cast<Index>(k);
  return -1;
}

double first_crossing(std::span<const double> x, std::span<const double> y, double level, bool below) {
  check_same_length(x, y);
  const Index k = first_record(y, level, below);
  if (k < 0) return kNaN;
  if (k == 0 || std::isnan(y[k - 1])) return x[k];
  return x[k - 1] + (level - y[k - 1]) / (y[k] - y[k - 1]) * (x[k] - x[k - 1]);
}

double half_time(std::span<const double> x, std::span<const double> y) {
  return y.empty() ? kNaN : first_crossing(x, y, y.back() / 2);
}

double half_time(const Trajectory& trajectory, const std::string& column, const std::string& against) {
  return half_time(trajectory.series(against), trajectory.series(column));
}

Stretch longest_plateau(std::span<const double> x, std::span<const double> y, double level, double share) {
  check_same_length(x, y);
  const double allowed = share * std::abs(level);
  Stretch longest, current;
  for (std::size_t k = 0; k < y.size(); ++k) {
    if (!(std::abs(y[k] - level) <= allowed)) {
      current = {};
      continue;
    }
    if (current.empty()) current.first = static_cast<Index>(k), current.begin = x[k];
    current.last = static_cast<Index>(k), current.end = x[k];
    if (longest.empty() || current.length() > longest.length()) longest = current;
  }
  return longest;
}

double largest_fall(std::span<const double> y, Index first) {
  return largest_excess_over_later(y, first, 1);
}

double largest_rise(std::span<const double> y, Index first) {
  return largest_excess_over_later(y, first, -1);
}

}  // namespace rankflow
