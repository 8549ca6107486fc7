// Growing the tables of ids, and the change from integers to text.
// SPDX-License-Identifier: Apache-2.0
#include "data/id_index.h"

#include <bit>

namespace rankflow {
namespace {
// Small: an array of many modes has an index for each.
constexpr std::size_t kFirstSize = 256;
}  // namespace

void IdIndex::grow_direct(std::int64_t number) {
  direct_.resize(std::max(kFirstSize, std::bit_ceil(static_cast<std::size_t>(number) + 1)), 0);
}

void IdIndex::grow_numbers() {
  const std::size_t size = std::max(kFirstSize, number_slots_.size() * 4);
  number_slots_.assign(size, {0, 0});
  for (Index i = 0; i < size_; ++i) {
    std::size_t slot = hash_bits(static_cast<std::uint64_t>(numbers_[i])) & (size - 1);
    while (number_slots_[slot].position_plus_1 != 0) slot = (slot + 1) & (size - 1);
    number_slots_[slot] = {numbers_[i], static_cast<std::int32_t>(i + 1)};
  }
}

void IdIndex::grow_text() {
  const std::size_t size = std::max(kFirstSize, text_slots_.size() * 4);
  text_slots_.assign(size, {0, 0});
  for (Index i = 0; i < size_; ++i) {
    const std::uint64_t hash = hash_text(text(i));
    std::size_t slot = hash & (size - 1);
    while (text_slots_[slot].position_plus_1 != 0) slot = (slot + 1) & (size - 1);
    text_slots_[slot] = {static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(i + 1)};
  }
}

void IdIndex::become_text() {
  integers_ = false;
  for (const std::int64_t number : numbers_) {
    pool_ += std::to_string(number);
    ends_.push_back(pool_.size());
  }
  numbers_ = {};
  number_slots_ = {};
  direct_ = {};
}

std::int32_t IdIndex::of_text(std::string_view id) {
  while (static_cast<std::size_t>(size_) * 2 >= text_slots_.size()) grow_text();
  const std::uint64_t hash = hash_text(id);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  const std::size_t mask = text_slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (text_slots_[slot].position_plus_1 != 0) {
    const std::uint32_t position = text_slots_[slot].position_plus_1 - 1;
    if (text_slots_[slot].hash == tag && text(position) == id) return static_cast<std::int32_t>(position);
    slot = (slot + 1) & mask;
  }
  if (size_ >= kMost) return -1;
  pool_ += id;
  ends_.push_back(pool_.size());
  text_slots_[slot] = {tag, static_cast<std::uint32_t>(++size_)};
  return static_cast<std::int32_t>(size_ - 1);
}

Axis IdIndex::take() {
  size_ = 0;
  number_slots_ = {};
  direct_ = {};
  text_slots_ = {};
  if (integers_) return Axis::integers(std::move(numbers_));
  return Axis::strings(std::move(pool_), std::move(ends_));
}

}  // namespace rankflow
