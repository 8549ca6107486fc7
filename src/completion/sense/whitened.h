// The same linear equations with orthonormal measurements.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "rankflow/matrix_problem.h"

namespace rankflow::completion {

/// B W = z with B = L^(-1/2) Q^T A and z = L^(-1/2) Q^T y, where A A^* = Q L Q^T: B B^* = 1, and W solves it exactly if
/// and only if it solves A W = y, as long as y is in the range of A. Directions in which A is zero up to round-off are
/// left out. Nothing for other problems than dense ones, or for so many measurements that the decomposition would take
/// minutes.
std::optional<MatrixProblem<double>> whitened(const MatrixProblem<double>& problem);

}  // namespace rankflow::completion
