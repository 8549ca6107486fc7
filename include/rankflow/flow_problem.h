// The end-to-end flow on any matrix problem: entries, dense and rank-one sensing, full observation; watched like any
// other engine.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "rankflow/flow.h"
#include "rankflow/matrix_problem.h"
#include "rankflow/snapshot.h"

namespace rankflow {

/// When watchers are called, besides the first point and the last: at these times exactly (ascending), or after every
/// step where there are none.
struct FlowMoments {
  std::vector<double> times;
};

/// From nothing. Motion::faithful: directions of size alpha, entering by their scalar law. Motion::fast: greedy entry
/// (strategy auto or greedy) or, for entries, vanishing_decay; in the fast motion the squared loss only.
///
/// Times are those of the problem's own normalization: step size times iterations of gradient descent on the same
/// problem. The problem has no biases: options.centering must be none.
template <class T>
FlowResult fit_flow(const MatrixProblem<T>& problem, const FlowOptions& options, std::span<const Watcher> watchers = {},
                    const FlowMoments& moments = {});

/// The gradient flow from balanced factors of the end matrix `start`, of any rank, until options.max_time,
/// max_iterations or the tolerance. Singular values below 1e-15 of the largest are left out: zero stays zero. Depth 1
/// is plain gradient flow on W.
template <class T>
FlowResult follow_flow(const MatrixProblem<T>& problem, const Matrix& start, const FlowOptions& options,
                       std::span<const Watcher> watchers = {}, const FlowMoments& moments = {});

/// Times 0, every, 2 every, ..., last.
FlowMoments regular_moments(double every, double last);

}  // namespace rankflow
