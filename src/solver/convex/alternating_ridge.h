// Alternating ridge regression of the two factors: the descent steps of soft-impute.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "solver/convex/sparse_residual.h"

namespace rankflow::convex {

/// `sweeps` times: A, then B of W = A B^T, each the minimizer of 1/2 sum w (y - b - a_i . b_j)^2 + penalty / 2 (|A|^2 +
/// |B|^2) given the other. As min over A B^T = W of (|A|^2 + |B|^2) / 2 is ||W||_*, the penalized objective of W never
/// rises (Hastie, Mazumder, Lee and Zadeh 2015). O(|Omega| r^2 + (rows + columns) r^3) a sweep.
void alternate(Product& product, const Observations<double>& observations, const Biases& biases, double penalty,
               Index sweeps);

}  // namespace rankflow::convex
