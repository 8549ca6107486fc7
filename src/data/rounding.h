// Values with fewer digits, as numbers: so that every format holds the same.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <string>

namespace rankflow {

/// The nearest double with so many significant digits; digits = 0 changes nothing. What would become infinite, and what
/// is not finite, stays what it was.
inline double rounded(double value, int digits) {
  if (digits <= 0 || !std::isfinite(value)) return value;
  const std::string text = fmt::format("{:.{}e}", value, digits - 1);
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace rankflow
