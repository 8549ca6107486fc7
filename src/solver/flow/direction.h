// Where the depth-L flow goes from a point, and which directions enter next.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "solver/flow/loss.h"

namespace rankflow::flow {

/// What shapes the flow: depth L > 1 and weight decay lambda on every factor of the deep product.
struct Law {
  double depth = 3;
  double weight_decay = 0;
};

/// H_ab = (s_a^2 - s_b^2) / (s_a^(2/L) - s_b^(2/L)), H_aa = L s_a^(2-2/L); accurate for close and for far values.
Matrix coupling(const Vector& s, double depth);

/// The penalty of weight decay in terms of the end matrix: lambda L / 2 sum s^(2/L) (Schatten-2/L to the power 2/L).
double penalty(const Vector& s, const Law& law);

/// dW/dt of the end-to-end flow as a tangent vector: -U (H o M) V^T - P_u D V^T - U D P_v^T - lambda L W.
Tangent flow_direction(const Point& point, const Slope& slope, const Law& law);

/// Derivative of loss + penalty along a tangent vector.
double derivative(const Point& point, const Slope& slope, const Law& law, const Tangent& xi);

/// Steps (a, b) to the minimum of the quadratic model a xi + b eta; eta may be empty (b = 0). Zero if xi does not
/// descend.
struct PlaneStep {
  double a = 0, b = 0;
};
PlaneStep minimum_over_plane(Loss& loss, const Point& point, const Slope& slope, const Law& law, const Tangent& xi,
                             const Tangent& eta);

/// Top singular pairs of -G outside the spaces of the point: columns of p and q, values descending.
struct Pairs {
  Matrix p, q;
  Vector g;
};
Pairs top_pairs(Loss& loss, const Point& point, Index count, int iterations, std::uint64_t seed);

/// sum_Omega w (p_i q_j)^2
double observed_square(Loss& loss, const Vector& p, const Vector& q);

}  // namespace rankflow::flow
