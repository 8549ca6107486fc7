// How do numbers and names look in a text file?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "data/output_file.h"

namespace rankflow {

/// Room that any number and the delimiter after it needs.
inline constexpr std::size_t kNumberRoom = 48;

/// digits = 0: the shortest text that gives back the same double.
inline char* put_number(char* to, double value, int digits) {
  // Whole numbers of ordinary size are common and much quicker to print.
  const auto whole = static_cast<std::int64_t>(value > -1e15 && value < 1e15 ? value : 0.5);
  if (static_cast<double>(whole) == value && (whole != 0 || !std::signbit(value)))
    if (digits == 0 || (whole < 1000 && whole > -1000 && digits >= 3))
      return std::to_chars(to, to + kNumberRoom, whole).ptr;
  if (digits == 0) return std::to_chars(to, to + kNumberRoom, value).ptr;
  return std::to_chars(to, to + kNumberRoom, value, std::chars_format::general, digits).ptr;
}

/// Writes a name so that the readers give it back: in quotes where it holds the delimiter, a quote, blanks at its ends,
/// a comment sign in front, or nothing.
void put_name(OutputFile& file, std::string_view name, char delimiter);

}  // namespace rankflow
