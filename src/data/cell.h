// What does the text of one cell say: a number, a hole, or nothing we understand?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rankflow {

enum class Cell { number, hole, text, infinite };

/// Reads numbers in decimal notation with a point; the nearest double, independent of any locale. Words for a hole:
/// docs/file-formats.md. Numbers too large for a double are infinite; too small ones are 0.
/// `text` has no blanks around it.
Cell parse_cell(std::string_view text, double& value);

/// The path taken nearly always: at most 15 digits and no exponent. False: parse_cell() has to look.
inline bool quick_number(std::string_view text, double& value) {
  static constexpr double kPowers[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const char* at = text.data();
  const char* end = at + text.size();
  const bool negative = at != end && *at == '-';
  at += negative;
  if (end - at > 16 || at == end) return false;
  long long digits = 0;
  const char* begin = at;
  for (; at != end && static_cast<unsigned char>(*at - '0') < 10; ++at) digits = digits * 10 + (*at - '0');
  long count = at - begin, after_point = 0;
  if (at != end && *at == '.') {
    const char* point = ++at;
    for (; at != end && static_cast<unsigned char>(*at - '0') < 10; ++at) digits = digits * 10 + (*at - '0');
    after_point = at - point;
    count += after_point;
  }
  if (at != end || count == 0 || count > 15) return false;
  // Both operands are exact doubles, so the quotient is the nearest double to the decimal number.
  const double magnitude = static_cast<double>(digits) / kPowers[after_point];
  value = negative ? -magnitude : magnitude;
  return true;
}

/// Blanks, tabs and carriage returns taken off both ends.
inline std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Cell contents that the user declared to be holes.
class ExtraHoles {
 public:
  explicit ExtraHoles(const std::string& comma_separated = "");
  bool empty() const { return items_.empty(); }
  bool match(std::string_view text, bool is_number, double value) const;
  /// The first word that is no number, where only numbers can be met; empty if there is none.
  std::string word() const;
  /// "--missing 7: ..." for words that match() has not met.
  void report(std::vector<std::string>& warnings) const;

 private:
  struct Item {
    std::string word;
    std::optional<double> number;
    mutable bool met = false;
  };
  std::vector<Item> items_;
};

/// Is the number written as an integer ("3", "-17"; not "3.0", "3e2")?
inline bool written_as_integer(std::string_view text) {
  return text.find_first_not_of("0123456789+-") == std::string_view::npos;
}

/// What to tell the user about text where a number is expected; empty if nothing comes to mind.
std::string number_hint(std::string_view text);

/// Text as it stands in messages: shortened, control characters made visible.
std::string shown(std::string_view text);

}  // namespace rankflow
