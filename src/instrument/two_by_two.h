// What is proved about the 2 x 2 problem (? z; z' e): one entry unobserved, half the sum of squares as loss, balanced
// gradient flow of any depth from det W(0) of the sign of z z' (Razin and Cohen 2020).
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace rankflow {

// z = z' = 1, e = 0: no norm stays bounded while the loss goes to zero, and the rank goes to one.

/// ||W|| >= this, for a norm or quasi-norm with ||A + B|| <= c (||A|| + ||B||); the largest and the first of the norms
/// of the four matrix units.
double least_norm(double loss, double unit_norm, double largest_unit_norm, double c);
/// Effective rank (entropy) <= this.
double most_effective_rank(double loss);
/// Second singular value, the distance to rank one, <= this.
double most_rank_one_distance(double loss);

/// Sharper, for loss <= 1/4: |w_11| >= (1 - sqrt(loss))^2 / sqrt(2 loss).
double least_unobserved_entry(double loss);
/// While w_12 w_21 >= 0: second singular value <= sqrt(2 loss).
double most_second_singular_value(double loss);

/// Any z, z', e: with s = sqrt(2 loss) < min(|z|, |z'|), |w_11| >= (|z| - s) (|z'| - s) / (|e| + s); 0 otherwise.
double least_unobserved_entry(double loss, double z, double z_prime, double e);

}  // namespace rankflow
