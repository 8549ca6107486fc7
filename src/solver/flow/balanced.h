// The end-to-end flow in balanced factors, where it has no singular terms: what the faithful motion integrates.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "solver/flow/direction.h"

namespace rankflow::flow {

/// W = a b^T with a^T a = b^T b up to the integrator's error.
struct Balanced {
  Matrix a, b;

  void add(double factor, const Balanced& x) {
    a += factor * x.a;
    b += factor * x.b;
  }
  void scale(double factor) {
    a *= factor;
    b *= factor;
  }
};

/// a = U S^1/2, b = V S^1/2.
Balanced balance(const Point& point);

/// The frame in which a^T a + b^T b is diagonal: columns of `rotation`, sizes s descending (half the eigenvalues).
struct Frame {
  Matrix rotation;
  Vector s;
};
/// Cyclic Jacobi rotations: small eigenvalues of a graded matrix keep their relative accuracy (Demmel and Veselic
/// 1992).
Frame frame_of(const Balanced& w);

/// d(a, b)/dt: in the frame, A' = U X - P_u S^(3/2-2/L) and B' = V Y - P_v S^(3/2-2/L) with
/// X_ab = -H_ab M_ab s_b^1/2 / (s_a + s_b), Y_ba = -H_ab M_ab s_a^1/2 / (s_a + s_b), so that X S^1/2 + S^1/2 Y^T = -H o
/// M and the factors stay balanced; weight decay adds -lambda L / 2 of each. `slope`, `frame`: where it is evaluated.
Balanced flow_rate(const Balanced& w, const Frame& frame, const Slope& slope, const Law& law);

/// K with (I + K)^T a^T a (I + K) = (I - K)^T b^T b (I - K) up to the square of what they differ by; w in its frame.
/// What an integrator leaves of imbalance grows as fast as a small singular value shrinks (a' = -g b, b' = -g a: a + b
/// decays, a - b grows) and would in the end change its sign.
Matrix balancing(const Balanced& w, const Vector& s);

/// The end matrix's singular value decomposition, by QR of both factors.
Point to_point(const Balanced& w, const Point& biases);

/// Size at which a direction that started at alpha arrives by ds/dt = L s^(2-2/L) g: `integral` = int g dt. Infinite
/// past the time at which it blows up.
double scalar_law(double alpha, double integral, double depth);

}  // namespace rankflow::flow
