// Numbers that a spectrum alone determines.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/snapshot.h"

namespace rankflow {

/// sum s / s_1; 0 for an empty or zero spectrum.
double nuclear_rank_ratio(const Vector& s);
/// sum s^p over the positive ones.
double schatten_sum(const Vector& s, double p);
/// Frobenius distance to the nearest matrix of the given rank.
double rank_distance(const Vector& s, Index rank);
/// Of a square matrix: +1, -1, or 0 where it has not full rank.
double determinant_sign(const Spectrum& spectrum);

}  // namespace rankflow
