// The fast end of a path: Levenberg and Marquardt's method on the two factors, for data of exactly low rank.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "solver/flow/loss.h"

namespace rankflow::flow {

/// Between two steps.
struct LeastSquares {
  Point point;
  double loss = 0;
  double damping = 0;  // relative to the largest singular value; 0 = not started
  double growth = 2;   // Nielsen's factor for the next rejection
  int iteration = 0;
  int rejected = 0;  // in a row
};

LeastSquares start_least_squares(Loss& loss, const Point& point);

/// One step: solves (J^T J + damping) d = -gradient by preconditioned conjugate gradients and keeps the step if the
/// loss falls (Nielsen 1999). Returns the number of products with J^T J.
int least_squares_step(Loss& loss, LeastSquares& state);

}  // namespace rankflow::flow
