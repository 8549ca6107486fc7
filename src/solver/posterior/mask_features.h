// Which entries exist says something about them: features of rows and columns from the mask alone.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/observations.h"
#include "rankflow/types.h"

namespace rankflow::posterior {

template <class T>
struct MaskFeatures {
  MatrixOf<T> rows, columns;  // lines x (2 + count): 1, standardized log count, singular vectors
};

/// The `count` leading singular vectors of D_r^-1/2 Mask D_c^-1/2 after the trivial one, of unit mean square times
/// s_k / s_2, beside a constant and the standardized log count. count = 0: the constant alone.
/// Subspace iteration: O(|Omega| count) a pass.
template <class T>
MaskFeatures<T> mask_features(const Observations<T>& observed, Index count, std::uint64_t seed);

}  // namespace rankflow::posterior
