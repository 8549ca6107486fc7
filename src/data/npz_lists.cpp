// Decoding lists and checking what they hold.
// SPDX-License-Identifier: Apache-2.0
#include "data/npz_lists.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rankflow {

void NpzLists::wrong(const std::string& name, const std::string& problem) const {
  flaws_.fail(0, fmt::format("array '{}': {}", name, problem));
}

std::vector<double> NpzLists::as_numbers(const std::string& name, const Array& read) const {
  return std::visit(
      [&]<class T>(const std::vector<T>& items) -> std::vector<double> {
        if constexpr (std::is_same_v<T, std::string>) {
          wrong(name, "found text, expected numbers");
        } else {
          return {items.begin(), items.end()};
        }
      },
      read.data);
}

std::vector<double> NpzLists::numbers(const std::string& name, Index size) const {
  const Array read = array(name);
  if (read.shape.size() != 1 || (size >= 0 && read.size() != size))
    wrong(name, fmt::format("found {} values in {} dimension(s), expected a list{}", read.size(), read.shape.size(),
                            size >= 0 ? fmt::format(" of {}", size) : ""));
  return as_numbers(name, read);
}

Axis NpzLists::axis(const std::string& name, Index size) const {
  const Array read = array(name);
  if (read.shape.size() != 1 || read.size() != size)
    wrong(name, fmt::format("found {} names, expected {}", read.size(), size));
  if (const auto* text = std::get_if<std::vector<std::string>>(&read.data)) return Axis::strings(*text);
  if (const auto* ids = std::get_if<std::vector<std::int64_t>>(&read.data)) return Axis::integers(*ids);
  if (const auto* ids = std::get_if<std::vector<std::int32_t>>(&read.data))
    return Axis::integers({ids->begin(), ids->end()});
  wrong(name, "expected names: text or integers");
}

std::vector<float> NpzLists::weights(Index count) const {
  std::vector<float> list;
  for (const double weight : numbers("weight", count)) {
    if (!(static_cast<float>(weight) > 0) || !std::isfinite(static_cast<float>(weight)))
      wrong("weight", fmt::format("found {}, expected numbers > 0", weight));
    list.push_back(static_cast<float>(weight));
  }
  return list;
}

bool all_whole(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double x) { return x == std::floor(x) && std::abs(x) < 1e15; });
}

}  // namespace rankflow
