// The squared loss of a CP factorization over observed cells.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "solver/grow/cells.h"
#include "solver/grow/least_squares.h"

namespace rankflow::grow {

/// The weights are the stacked factors, row by row: weights[row * components + r]. `cells` must outlive it.
std::unique_ptr<LeastSquares> cp_least_squares(const Cells& cells, Index components);
/// What stacked factors say about every cell of a list.
void cp_values(const Cells& cells, Index components, const Vector& weights, std::vector<double>& x);
/// Rows of one mode (shape[mode] x columns) of sum_k slope_k e_row(k) a_k: the other modes' rows multiplied, for
/// stacked factors with as many columns.
void cp_one_mode(const Cells& cells, const std::vector<double>& slope, const Matrix& factors, Index mode,
                 Matrix& gradient);

}  // namespace rankflow::grow
