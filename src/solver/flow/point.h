// Where the flow is: a matrix of rank r in factored form, and directions tangent to the matrices of rank r.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/low_rank_model.h"
#include "rankflow/types.h"

namespace rankflow::flow {

/// W = mean + row_bias + column_bias + u diag(s) v^T with s > 0 descending: the model itself.
using Point = LowRankModel;

/// xi = left v^T + u right^T with v^T right = 0: a tangent vector at the point (u, s, v) of the matrices of rank r.
/// left contains the part within the column space, u (u^T left).
struct Tangent {
  Matrix left, right;  // m x r, n x r; empty = no direction
  bool empty() const { return left.size() == 0; }
};

/// An empty product with the given biases.
Point point_of_rank_zero(Index rows, Index columns);

/// Moving along a tangent vector: at(h) is the best approximation of rank r to point + h xi. Two thin QRs once, one SVD
/// of size 2r and two tall products for every h.
class Retraction {
 public:
  Retraction(const Point& point, const Tangent& xi);
  /// Singular values that the step within the spaces would turn negative are first kept at `least` times their size.
  Point at(double step, double least = 0.1) const;

 private:
  const Point& point_;
  Matrix inside_, qu_, ru_, qv_, rv_;
};

/// The tangent at `to` nearest to `xi` at `from`: its orthogonal projection.
Tangent transport(const Point& from, const Tangent& xi, const Point& to);

/// a xi + b eta.
Tangent combine(double a, const Tangent& xi, double b, const Tangent& eta);

/// left right^T as a point (two QRs, one SVD); keeps the biases of `like`.
Point from_factors(Matrix left, Matrix right, const Point& like);

/// One more direction: point + s p q^T, with p and q orthogonal to the spaces of the point; sorted.
Point add_direction(const Point& point, const Vector& p, const Vector& q, double s);

/// Without the singular values below `relative` times the largest; at most max_rank of them.
void drop_small(Point& point, double relative, Index max_rank);

}  // namespace rankflow::flow
