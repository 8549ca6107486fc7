// Cells that are not plain short numbers.
// SPDX-License-Identifier: Apache-2.0
#include "data/cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace rankflow {
namespace {

bool equal_ignoring_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

bool is_hole(std::string_view text) {
  static constexpr std::array<std::string_view, 14> kWords = {"na",   "n/a",  "#n/a", "<na>", "nan", "-nan", "+nan",
                                                              "null", "none", "nil",  "?",    ".",   "-",    "missing"};
  if (text.empty()) return true;
  if (text.size() > 7) return false;
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return equal_ignoring_case(text, word); });
}

// from_chars says "out of range" for both ends of the range.
bool is_tiny(std::string_view text) {
  const std::size_t exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos) {
    // 0.00...01e5 with hundreds of zeros is as rare as it is harmless to call infinite: an error, not a wrong value.
    return exponent + 1 < text.size() && text[exponent + 1] == '-';
  }
  return text.find_first_not_of("+-0") != std::string_view::npos && text[text.find_first_not_of("+-0")] == '.';
}

}  // namespace

Cell parse_cell(std::string_view text, double& value) {
  if (quick_number(text, value)) return Cell::number;
  const std::string_view unsigned_text = text.starts_with('+') ? text.substr(1) : text;
  const char* end = unsigned_text.data() + unsigned_text.size();
  if (!unsigned_text.empty() && (text == unsigned_text || (unsigned_text[0] != '-' && unsigned_text[0] != '+'))) {
    const auto [stop, error] = std::from_chars(unsigned_text.data(), end, value);
    if (stop == end && error == std::errc{}) {
      if (std::isnan(value)) return Cell::hole;
      return std::isinf(value) ? Cell::infinite : Cell::number;
    }
    if (stop == end && error == std::errc::result_out_of_range) {
      if (!is_tiny(unsigned_text)) return Cell::infinite;
      value = unsigned_text[0] == '-' ? -0.0 : 0.0;
      return Cell::number;
    }
  }
  return is_hole(text) ? Cell::hole : Cell::text;
}

ExtraHoles::ExtraHoles(const std::string& comma_separated) {
  for (std::size_t at = 0; at < comma_separated.size();) {
    const std::size_t end = std::min(comma_separated.find(',', at), comma_separated.size());
    Item& item = items_.emplace_back();
    item.word = trimmed(std::string_view(comma_separated).substr(at, end - at));
    double number = 0;
    if (parse_cell(item.word, number) == Cell::number) item.number = number;
    at = end + 1;
  }
}

bool ExtraHoles::match(std::string_view text, bool is_number, double value) const {
  for (const Item& item : items_)
    if ((is_number && item.number == value) || item.word == text) {
      item.met = true;
      return true;
    }
  return false;
}

std::string ExtraHoles::word() const {
  for (const Item& item : items_)
    if (!item.number && !is_hole(item.word)) return item.word;
  return "";
}

void ExtraHoles::report(std::vector<std::string>& warnings) const {
  for (const Item& item : items_)
    if (!item.met && !is_hole(item.word))
      warnings.push_back("--missing " + item.word + ": no value of the file is that");
}

std::string number_hint(std::string_view text) {
  const auto digits_around = [&](char mark) {
    const std::size_t at = text.find(mark);
    return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
           std::isdigit(static_cast<unsigned char>(text[at - 1])) &&
           std::isdigit(static_cast<unsigned char>(text[at + 1])) &&
           text.find_first_not_of("0123456789+-.,eE") == std::string_view::npos;
  };
  if (digits_around(',')) return "numbers are read with a decimal point and without thousands separators: 3.5, not 3,5";
  if (text.ends_with('%')) return "take the percent signs out; 12 % is 12 or 0.12";
  if (text.find("0x") != std::string_view::npos) return "hexadecimal numbers are not read";
  return "";
}

std::string shown(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  std::string out;
  for (const char c : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 32 || byte == 127) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  // A cut may fall inside a character of several bytes: take its rest away.
  if (text.size() > kLongest) {
    while (!out.empty() && (static_cast<unsigned char>(text[kLongest]) >> 6) == 2 &&
           (static_cast<unsigned char>(out.back()) >> 6) == 2)
      out.pop_back();
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xc0) out.pop_back();
    out += "...";
  }
  return out;
}

}  // namespace rankflow
