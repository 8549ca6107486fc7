// From numbers to positions on a figure's axis, and where its ticks are.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace rankflow::report {

struct Tick {
  double value = 0;
  std::string label;  // SVG text content; empty = a small tick without label
};

class SvgAxis {
 public:
  /// low, high: the range of the data, NaN if there are none. On a logarithmic axis both have to be positive.
  /// fixed_low, fixed_high: NaN = chosen from the data, with a little room.
  SvgAxis(double low, double high, bool logarithmic, double fixed_low, double fixed_high);

  /// Share of the axis in [0, 1] (outside for values out of range); NaN where a logarithm does not exist.
  double share(double value) const;
  std::vector<Tick> ticks() const;
  double low() const { return low_; }
  double high() const { return high_; }

 private:
  std::vector<Tick> linear_ticks() const;
  std::vector<Tick> log_ticks() const;

  double low_, high_;
  bool log_;
};

}  // namespace rankflow::report
