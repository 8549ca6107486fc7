// The leading singular triples of the residual outside of given spaces, with an error estimate.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "solver/convex/sparse_residual.h"

namespace rankflow::convex {

struct TopSingular {
  Matrix u, v;
  Vector s;          // descending
  double error = 0;  // how far s[0] may be below the largest one: 0 where computed densely, else an estimate
  double most() const { return s.size() > 0 ? s[0] + error : 0; }
};

/// Of (I - U U^T) R (I - V V^T), up to `count` triples. Where a side has at most kDenseSide lines, through a dense Gram
/// matrix, exactly; else by a block Krylov method (Musco and Musco 2015) that goes on until the error estimate
/// (residual^2 over an assumed relative distance of 1/50 to the next singular value) is below `tolerance`, or it is
/// clear on which side of `level` (NaN: none) the leading one is. `start` (columns x any) are directions to begin with,
/// filled up with random ones of `seed`.
inline constexpr Index kDenseSide = 256;
TopSingular top_singular(const SparseResidual& residual, const Product& outside, const Matrix& start, Index count,
                         double tolerance, double level, std::uint64_t seed);

}  // namespace rankflow::convex
