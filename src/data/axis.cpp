// The names of rows or columns, and finding one.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <bit>

#include "data/hash.h"
#include "data/integer_text.h"
#include "rankflow/error.h"
#include "rankflow/table.h"

namespace rankflow {

Axis Axis::positions(Index size, Index base) {
  Axis axis;
  axis.size_ = size;
  axis.base_ = base;
  return axis;
}

Axis Axis::integers(std::vector<std::int64_t> ids) {
  Axis axis;
  axis.kind_ = Kind::integers;
  axis.size_ = static_cast<Index>(ids.size());
  axis.integers_ = std::move(ids);
  return axis;
}

Axis Axis::strings(const std::vector<std::string>& names) {
  std::string pool;
  std::vector<std::uint64_t> ends;
  ends.reserve(names.size());
  for (const std::string& name : names) {
    pool += name;
    ends.push_back(pool.size());
  }
  return strings(std::move(pool), std::move(ends));
}

Axis Axis::strings(std::string pool, std::vector<std::uint64_t> ends) {
  Axis axis;
  axis.kind_ = Kind::strings;
  axis.size_ = static_cast<Index>(ends.size());
  axis.pool_ = std::move(pool);
  axis.ends_ = std::move(ends);
  return axis;
}

Axis Axis::named(const std::vector<std::string>& names) {
  std::vector<std::int64_t> ids;
  ids.reserve(names.size());
  for (const std::string& name : names) {
    std::int64_t id = 0;
    if (!canonical_integer(name, id)) return strings(names);
    ids.push_back(id);
  }
  return integers(std::move(ids));
}

std::string_view Axis::text(Index i) const {
  const std::uint64_t begin = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(pool_).substr(begin, ends_[i] - begin);
}

std::string_view Axis::name(Index i, std::string& scratch) const {
  RANKFLOW_ASSERT(i >= 0 && i < size_, fmt::format("position {} on an axis of {}", i, size_));
  if (kind_ == Kind::strings) return text(i);
  char digits[24];
  const std::int64_t number = kind_ == Kind::integers ? integers_[i] : i + base_;
  scratch.assign(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  return scratch;
}

std::string Axis::name(Index i) const {
  std::string scratch;
  return std::string(name(i, scratch));
}

std::uint64_t Axis::hash(Index i) const {
  return kind_ == Kind::strings ? hash_text(text(i)) : hash_bits(static_cast<std::uint64_t>(integers_[i]));
}

// The slot of the name with this hash for which same() holds, or the empty slot where it would go.
std::uint32_t Axis::lookup(std::uint64_t hash, const std::function<bool(Index)>& same) const {
  const std::uint64_t mask = slots_.size() - 1;
  std::uint64_t slot = hash & mask;
  while (slots_[slot] != 0 && !same(slots_[slot] - 1)) slot = (slot + 1) & mask;
  return static_cast<std::uint32_t>(slot);
}

void Axis::build_index() const {
  slots_.assign(std::bit_ceil(static_cast<std::uint64_t>(size_) * 2), 0);
  for (Index i = 0; i < size_; ++i) {
    const std::uint32_t slot = lookup(hash(i), [&](Index other) {
      return kind_ == Kind::strings ? text(other) == text(i) : integers_[other] == integers_[i];
    });
    if (slots_[slot] == 0) slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

std::optional<Index> Axis::find(std::string_view name) const {
  std::int64_t number = 0;
  if (size_ == 0 || (kind_ != Kind::strings && !canonical_integer(name, number))) return std::nullopt;
  if (kind_ == Kind::positions) {
    if (number < base_ || number - base_ >= size_) return std::nullopt;
    return number - base_;
  }
  if (slots_.empty()) build_index();
  const std::uint64_t key = kind_ == Kind::strings ? hash_text(name) : hash_bits(static_cast<std::uint64_t>(number));
  const std::uint32_t found =
      slots_[lookup(key, [&](Index i) { return kind_ == Kind::strings ? text(i) == name : integers_[i] == number; })];
  if (found == 0) return std::nullopt;
  return found - 1;
}

}  // namespace rankflow
