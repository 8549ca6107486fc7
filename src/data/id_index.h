// Which position has this id? Ids get positions in the order in which they first appear.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/hash.h"
#include "data/integer_text.h"
#include "rankflow/table.h"

namespace rankflow {

/// Integers as long as all ids are written as a program writes integers; from the first other id on, text. Nothing is
/// lost by the change: such integers print back as they were written.
class IdIndex {
 public:
  static constexpr Index kMost = 2147483646;
  static constexpr std::int64_t kDirect = 1 << 20;  // numbers up to here are looked up without hashing

  /// -1 when there would be more than kMost.
  std::int32_t position(std::string_view id) {
    std::int64_t number = 0;
    if (integers_ && canonical_integer(id, number)) {
      if (number == last_number_ && size_ > 0) return last_position_;
      last_number_ = number;
      return last_position_ = of_integer(number);
    }
    if (integers_) become_text();
    return of_text(id);
  }
  Index size() const { return size_; }
  /// The axis; this is empty afterwards.
  Axis take();

 private:
  struct NumberSlot {
    std::int64_t number;
    std::int32_t position_plus_1;  // 0 = empty
  };
  struct TextSlot {
    std::uint32_t hash, position_plus_1;
  };

  std::int32_t of_integer(std::int64_t number) {
    if (number < 0 || number >= kDirect) return hashed(number);
    if (static_cast<std::size_t>(number) >= direct_.size()) grow_direct(number);
    std::int32_t& known = direct_[static_cast<std::size_t>(number)];
    if (known == 0) known = hashed(number) + 1;
    return known - 1;
  }
  std::int32_t hashed(std::int64_t number) {
    if (static_cast<std::size_t>(size_) * 2 >= number_slots_.size()) grow_numbers();
    const std::size_t mask = number_slots_.size() - 1;
    std::size_t slot = hash_bits(static_cast<std::uint64_t>(number)) & mask;
    while (number_slots_[slot].position_plus_1 != 0) {
      if (number_slots_[slot].number == number) return number_slots_[slot].position_plus_1 - 1;
      slot = (slot + 1) & mask;
    }
    if (size_ >= kMost) return -1;
    numbers_.push_back(number);
    number_slots_[slot] = {number, static_cast<std::int32_t>(++size_)};
    return static_cast<std::int32_t>(size_ - 1);
  }
  std::int32_t of_text(std::string_view id);
  std::string_view text(Index i) const {
    const std::uint64_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(pool_).substr(begin, ends_[i] - begin);
  }
  void grow_direct(std::int64_t number);
  void grow_numbers();
  void grow_text();
  void become_text();

  bool integers_ = true;
  Index size_ = 0;
  std::int64_t last_number_ = 0;
  std::int32_t last_position_ = -1;
  std::vector<std::int64_t> numbers_;
  std::vector<NumberSlot> number_slots_;
  std::vector<std::int32_t> direct_;  // position + 1 of small numbers
  std::string pool_;
  std::vector<std::uint64_t> ends_;
  std::vector<TextSlot> text_slots_;
};

/// Names in the order of rows; a name may come again.
class NameList {
 public:
  void add(std::string_view name) {
    std::int64_t number = 0;
    integers_ = integers_ && canonical_integer(name, number);
    if (integers_) numbers_.push_back(number);
    pool_ += name;
    ends_.push_back(pool_.size());
  }
  Index size() const { return static_cast<Index>(ends_.size()); }
  Axis take() {
    if (integers_) return Axis::integers(std::move(numbers_));
    return Axis::strings(std::move(pool_), std::move(ends_));
  }

 private:
  bool integers_ = true;
  std::vector<std::int64_t> numbers_;
  std::string pool_;
  std::vector<std::uint64_t> ends_;
};

}  // namespace rankflow
