// Where to look for a component of a long thin list: vectors of a mode from pairs of cells that differ in it alone.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rankflow/tensor.h"
#include "rankflow/types.h"

namespace rankflow::list_cp {

struct SpectralStart {
  std::vector<Vector> vectors;  // of all modes, mean square 1; those of modes that are not found are random
  std::vector<Index> found;     // all but the shortest, where there are pairs enough
};

/// Starts for alternating regressions; none where too few cells share all but one index.
/// residual: of every observation, NaN where it is not fitted. 8 bytes an observation and those of what shares.
///
/// Along the longest mode unfold the residual, X of size x combinations of the other indices. X X^T without the squares
/// of single cells ("hollowed") has the mode's vectors of the components as leading eigenvectors, and these show long
/// before regressions from random vectors find anything: among n cells with noise of variance v a component of mean
/// square s from about s / v = sqrt(number of all cells) / n on (Montanari and Sun 2018). With that vector
/// known, the next longest mode goes the same way: the residual times it is a list of order N - 1. Residuals are cut at
/// their root mean square.
std::vector<SpectralStart> spectral_starts(const Tensor& tensor, const std::vector<float>& residual,
                                           std::uint64_t seed);

}  // namespace rankflow::list_cp
