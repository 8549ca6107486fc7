// All weights of a factorization fitted together by Levenberg-Marquardt.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "solver/grow/budget.h"
#include "solver/grow/least_squares.h"

namespace rankflow::grow {

struct RefitOptions {
  double ridge = 0;             // lambda: the objective is loss + lambda/2 |weights|^2
  double first_damping = 1e-3;  // of the largest diagonal element of J^T W J
  Index max_steps = 60;
  double min_decrease = 1e-3;  // stop once a step lowers the objective by less than this part of it
  double small_loss = 0;       // stop at a loss at or below this
  double matched_loss = 0;  // at or below this the data count as matched: steps go on while they still halve the loss
};
struct RefitOutcome {
  double loss = kNaN;
  Index steps = 0;
  bool out_of_time = false;
};

/// Moves `weights`. `balance` changes weights without changing the tensor, so that their norm falls.
RefitOutcome refit(LeastSquares& problem, const std::function<void(Vector&)>& balance, const RefitOptions& options,
                   const Budget& budget, Vector& weights);

}  // namespace rankflow::grow
