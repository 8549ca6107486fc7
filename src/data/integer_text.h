// Is a name an integer as a program would print it, so that number and text say the same?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

namespace rankflow {

/// False for "007", "+1", "-0", "1.0", "" and whatever does not fit: such names stay text, so none is lost or merged.
inline bool canonical_integer(std::string_view text, std::int64_t& value) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  const char* digits = begin + (begin != end && *begin == '-');
  const auto size = end - digits;
  if (size == 0 || (*digits == '0' && text.size() > 1)) return false;
  if (size <= 18 && digits == begin) {  // the common case, without overflow checks
    std::int64_t sum = 0;
    for (const char* at = begin; at != end; ++at) {
      const unsigned digit = static_cast<unsigned char>(*at) - '0';
      if (digit > 9) return false;
      sum = sum * 10 + digit;
    }
    value = sum;
    return true;
  }
  const auto [stop, error] = std::from_chars(begin, end, value);
  return error == std::errc{} && stop == end;
}

}  // namespace rankflow
