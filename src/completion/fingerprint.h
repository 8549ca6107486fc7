// What identifies data and options: a checkpoint belongs to one fingerprint.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "rankflow/complete.h"
#include "rankflow/complete_array.h"

namespace rankflow::completion {

// FNV-1a over 64-bit words: not cryptographic, only meant to notice another file.
class Fingerprint {
 public:
  void word(std::uint64_t w) {
    state_ = (state_ ^ w) * 0x100000001B3ull;
    state_ ^= state_ >> 29;
  }
  void number(double x) {
    std::uint64_t w;
    static_assert(sizeof w == sizeof x);
    std::memcpy(&w, &x, sizeof w);
    word(w);
  }
  void text(const std::string& s) {
    for (const char c : s) word(static_cast<unsigned char>(c));
    word(s.size());
  }
  // Whole words first, so that the large arrays of a state cost little.
  void bytes(const void* data, std::size_t size) {
    const char* from = static_cast<const char*>(data);
    for (; size >= sizeof(std::uint64_t); from += sizeof(std::uint64_t), size -= sizeof(std::uint64_t)) {
      std::uint64_t w;
      std::memcpy(&w, from, sizeof w);
      word(w);
    }
    for (; size > 0; ++from, --size) word(static_cast<unsigned char>(*from));
  }
  std::string shown() const { return fmt::format("{:016x}", state_); }

 private:
  std::uint64_t state_ = 0xCBF29CE484222325ull;
};

/// A hash of the observations and the options, as text.
std::string fingerprint(const Table& table, const CompleteOptions& options);
std::string fingerprint(const Tensor& tensor, const ArrayOptions& options);

}  // namespace rankflow::completion
