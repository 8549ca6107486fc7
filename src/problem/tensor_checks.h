// What problems about tensors check alike, whatever way their cells are kept.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <vector>

#include "problem/problem_checks.h"
#include "rankflow/tensor_problem.h"

namespace rankflow {

inline void require_shape(const std::vector<Index>& shape) {
  if (shape.empty()) refuse("the tensor", "it has no modes, expected at least one");
  constexpr Index kMost = std::numeric_limits<std::int32_t>::max();
  for (std::size_t n = 0; n < shape.size(); ++n)
    if (shape[n] < 1 || shape[n] > kMost)
      refuse("the tensor", fmt::format("mode {} has size {}, expected 1 to {}", n, shape[n], kMost));
}

/// A value that the loss has a meaning for.
template <class T>
void require_outcome(T y, TensorPenalty penalty) {
  if (penalty == TensorPenalty::logistic && y != T(0) && y != T(1))
    refuse("observed values", fmt::format("found {}, the logistic loss expects 0 or 1", static_cast<double>(y)));
  if (penalty == TensorPenalty::poisson && y < T(0))
    refuse("observed values", fmt::format("found {}, the Poisson loss expects counts", static_cast<double>(y)));
}

}  // namespace rankflow
