// The rows or columns of an unfolding before it is known which of them occur.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/unfolded_matrix.h"

namespace rankflow {

/// `modes` ascend. No keys yet.
UnfoldedSide make_side(const std::vector<Index>& shape, std::vector<Index> modes);

}  // namespace rankflow
