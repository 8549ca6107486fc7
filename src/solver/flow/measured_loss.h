// The flow's view of any matrix problem, in the problem's own normalization: its time is step size times iterations of
// gradient descent on the same problem.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "rankflow/matrix_problem.h"
#include "solver/flow/loss.h"

namespace rankflow::flow {

/// `problem` must outlive it. `loss`: another loss of the same residuals.
template <class T>
std::unique_ptr<Loss> make_loss(const MatrixProblem<T>& problem, const MatrixLoss& loss);
template <class T>
std::unique_ptr<Loss> make_loss(const MatrixProblem<T>& problem) {
  return make_loss(problem, problem.loss);
}

}  // namespace rankflow::flow
