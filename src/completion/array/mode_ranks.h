// Ranks of the unfoldings of a sum of outer products.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/cp_factorization.h"

namespace rankflow::completion {

/// Numerical rank of the unfolding along each mode: singular values above `cut` of the largest. The unfolding is A_n
/// times a matrix whose Gram matrix is the elementwise product of the other factors' ones: O(N d R^2 + N R^3), no cell
/// is computed.
std::vector<Index> mode_ranks(const CpFactorization<double>& model, double cut);

}  // namespace rankflow::completion
