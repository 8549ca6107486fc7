// How one singular value grows: ds/dt = N s^(2-2/N) (lambda - s), the depth-N flow on full observation with half the
// sum of squares as loss, and gradient descent's recursion for the same value. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/types.h"

namespace rankflow {

/// Time in which s goes from `from` to `to`, both on the same side of lambda and positive, by quadrature: any N > 1,
/// any sign of lambda, growing or shrinking (then from > to). Infinite if s never gets there.
double scalar_time(double depth, double lambda, double from, double to);

/// The same for the variable x of one of N equal layers, s = x^N, growing from a to mu < lambda^(1/N): closed forms for
/// N = 2, 3, 4, quadrature otherwise.
double layer_time(double depth, double lambda, double a, double mu);

/// Time until s is no longer small, as a -> 0: ln(lambda / a^2) / (2 lambda) for N = 2, 1 / ((N - 2) lambda a^(N-2))
/// for N > 2.
double small_start_time(double depth, double lambda, double a);

/// s after `time`, from s at time 0. Negative and zero lambda: s shrinks towards zero.
double scalar_value(double depth, double lambda, double s, double time);

/// Gradient descent on N equal layers: x <- x + step x^(N-1) (lambda - x^N) (Chou et al. 2020).
struct LayerRecursion {
  double depth, step_size;
  double next(double x, double lambda) const;
  /// Iterations from x = a until x^N >= share * lambda; -1 if that takes more than `most`.
  Index steps_to(double a, double lambda, double share, Index most = 100'000'000) const;
};

/// Step sizes up to which x grows to lambda^(1/N) without overshooting, 1 / (N lambda^(2-2/N)), and below which
/// lambda is attractive at all (twice that).
double monotone_step_limit(double depth, double lambda);
double stable_step_limit(double depth, double lambda);

}  // namespace rankflow
