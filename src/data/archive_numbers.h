// Numbers of an archive in the type that is computed with.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "rankflow/archive.h"

namespace rankflow {

/// `size`: how many there have to be; -1 = any number.
template <class T>
std::vector<T> get_numbers(const Archive& archive, const std::string& name, Index size) {
  static_assert(std::is_same_v<T, double> || std::is_same_v<T, float>);
  if constexpr (std::is_same_v<T, double>)
    return archive.get_doubles(name, size);
  else
    return archive.get_floats(name, size);
}

}  // namespace rankflow
