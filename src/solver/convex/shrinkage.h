// Soft-thresholding of singular values, the proximal map of the nuclear norm.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/types.h"

namespace rankflow::convex {

struct Shrunk {
  Matrix w;  // sum_a (sigma_a - threshold)_+ u_a v_a^T
  Vector s;  // the numbers (sigma_a - threshold) > 0, descending
};

/// Through the eigenvectors of the smaller Gram matrix: half the time of an SVD, and singular values near the threshold
/// are exact to about 1e-16 sigma_1^2 / threshold, which is round-off unless the threshold is tiny.
Shrunk shrink(const Matrix& a, double threshold);

/// Largest singular value.
double spectral_norm(const Matrix& a);
double nuclear_norm(const Matrix& a);

}  // namespace rankflow::convex
