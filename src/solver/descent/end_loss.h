// The loss as a function of the dense end matrix, with its gradient, for every kind of measurement.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "rankflow/matrix_problem.h"

namespace rankflow::descent {

template <class T>
class EndLoss {
 public:
  virtual ~EndLoss() = default;
  /// The loss at w; e becomes dL/dW. Rows of both are `stride` numbers apart.
  virtual double at(const T* w, T* e, Index stride) = 0;
};

/// `problem` must outlive it. Not for dense measurements: those have a pass of their own.
template <class T>
std::unique_ptr<EndLoss<T>> make_end_loss(const MatrixProblem<T>& problem);

}  // namespace rankflow::descent
