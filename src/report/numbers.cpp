// How are numbers, durations, sizes and shares written for people?
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "rankflow/report.h"

namespace rankflow {
namespace {

constexpr const char* kThinSpace = "\u202F";  // narrow and without a line break
constexpr const char* kMinus = "\u2212";

// "1234567.8" -> "1 234 567.8"; four digits stay together.
std::string with_spaces(const std::string& digits) {
  const std::size_t point = std::min(digits.find('.'), digits.size());
  if (point < 5) return digits;
  std::string spaced;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && i < point && (point - i) % 3 == 0) spaced += kThinSpace;
    spaced += digits[i];
  }
  return spaced;
}

std::string superscript(int exponent) {
  static constexpr const char* kDigits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text = exponent < 0 ? "⁻" : "";
  for (const char c : std::to_string(std::abs(exponent))) text += kDigits[c - '0'];
  return text;
}

}  // namespace

std::string format_number(double value, int digits) {
  if (std::isnan(value)) return "–";
  if (std::isinf(value)) return value < 0 ? std::string(kMinus) + "∞" : "∞";
  const std::string sign = value < 0 ? kMinus : "";
  const double size = std::abs(value);
  if (size == 0) return "0";
  const std::string scientific = fmt::format("{:.{}e}", size, digits - 1);
  const int exponent = std::atoi(scientific.c_str() + scientific.find('e') + 1);  // after rounding
  if (exponent >= -4 && exponent < 9) {
    if (size == std::floor(size)) return sign + with_spaces(fmt::format("{:.0f}", size));
    return sign + with_spaces(fmt::format("{:.{}f}", size, std::max(0, digits - 1 - exponent)));
  }
  std::string mantissa = scientific.substr(0, scientific.find('e'));
  while (mantissa.find('.') != std::string::npos && (mantissa.back() == '0' || mantissa.back() == '.'))
    mantissa.pop_back();
  return sign + mantissa + "×10" + superscript(exponent);
}

std::string format_seconds(double seconds) {
  if (!std::isfinite(seconds)) return format_number(seconds);
  if (seconds < 0.001) return format_number(seconds * 1e6, 2) + " µs";
  if (seconds < 1) return format_number(seconds * 1e3, 3) + " ms";
  if (seconds < 60) return format_number(seconds, 3) + " s";
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  const std::int64_t minutes = (whole + 30) / 60;
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

std::string format_bytes(double bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  int unit = 0;
  while (bytes >= 1000 && unit < 4) {
    bytes /= 1024;
    ++unit;
  }
  return format_number(bytes, 3) + " " + kUnits[unit];
}

std::string format_share(double share, int digits) {
  if (std::isnan(share)) return "–";
  return format_number(100 * share, digits) + " %";
}

}  // namespace rankflow
