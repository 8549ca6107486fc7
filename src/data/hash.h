// What number scatters an id over a hash table?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace rankflow {

/// Mixes all bits into all bits (the finalizer of splitmix64).
inline std::uint64_t hash_bits(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

inline std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = text.size() * 0x9e3779b97f4a7c15ULL;
  while (text.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data(), 8);
    hash = hash_bits(hash ^ word);
    text.remove_prefix(8);
  }
  std::uint64_t tail = 0;
  if (!text.empty()) std::memcpy(&tail, text.data(), text.size());
  return hash_bits(hash ^ tail ^ 0x2545f4914f6cdd1dULL);
}

}  // namespace rankflow
