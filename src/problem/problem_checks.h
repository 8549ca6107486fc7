// What problems about matrices and about tensors check alike, and how they sort their observations.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "rankflow/error.h"
#include "rankflow/types.h"

namespace rankflow {

[[noreturn]] inline void refuse(const std::string& what, const std::string& problem, const std::string& hint = "") {
  throw InputError(what, problem, hint);
}

template <class Values>
void require_finite(const Values& values, const std::string& what) {
  for (Index k = 0; k < static_cast<Index>(values.size()); ++k)
    if (!std::isfinite(static_cast<double>(values.data()[k])))
      refuse(what, fmt::format("number {} is not finite", k), "remove what was not measured");
}

template <class T>
void require_weights(const std::vector<T>& weights) {
  require_finite(weights, "weights");
  for (const T weight : weights)
    if (weight < 0) refuse("weights", fmt::format("found {}, expected numbers >= 0", static_cast<double>(weight)));
}

template <class T>
void apply_order(const std::vector<Index>& order, std::vector<T>& values) {
  std::vector<T> sorted;
  sorted.reserve(values.size());
  for (const Index k : order) sorted.push_back(values[static_cast<std::size_t>(k)]);
  values = std::move(sorted);
}

}  // namespace rankflow
