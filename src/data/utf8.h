// How do names in UTF-8 become code points and back? Bytes that are not UTF-8 stand for themselves (Latin-1).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rankflow {

/// The code point at text[at]; moves `at` behind it. A byte that begins no sound sequence counts as one character.
inline std::uint32_t next_utf8(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
  const std::uint32_t first = byte(at);
  const int more = first < 0x80 ? 0 : first >> 5 == 6 ? 1 : first >> 4 == 14 ? 2 : first >> 3 == 30 ? 3 : -1;
  const std::size_t begin = at++;
  if (more <= 0 || begin + more >= text.size()) return first;
  std::uint32_t character = first & (0x3fu >> more);
  for (int k = 1; k <= more; ++k) {
    if (byte(begin + k) >> 6 != 2) return first;
    character = character << 6 | (byte(begin + k) & 0x3fu);
  }
  at = begin + more + 1;
  return character;
}

inline std::size_t utf8_length(std::string_view text) {
  std::size_t length = 0;
  for (std::size_t at = 0; at < text.size(); ++length) next_utf8(text, at);
  return length;
}

inline void append_utf8(std::string& text, std::uint32_t character) {
  const auto tail = [&](int shift) { text += static_cast<char>(0x80 | ((character >> shift) & 0x3f)); };
  if (character < 0x80) {
    text += static_cast<char>(character);
  } else if (character < 0x800) {
    text += static_cast<char>(0xc0 | character >> 6), tail(0);
  } else if (character < 0x10000) {
    text += static_cast<char>(0xe0 | character >> 12), tail(6), tail(0);
  } else {
    text += static_cast<char>(0xf0 | ((character >> 18) & 7)), tail(12), tail(6), tail(0);
  }
}

}  // namespace rankflow
