// Spectra and numerical ranks of the unfoldings of a completed array.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/overlap.h"
#include "solver/overlap/smoother.h"

namespace rankflow::overlap {

/// `x` is in units of `scale`. Of large modes the leading singular values alone.
std::vector<OverlapUnfolding> ranks_of_unfoldings(const Unfoldings& unfoldings, const std::vector<double>& weight,
                                                  const std::vector<float>& x, double eps, double scale,
                                                  const OverlapOptions& options);

}  // namespace rankflow::overlap
