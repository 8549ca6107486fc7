// Moving on the matrices of rank r.
// SPDX-License-Identifier: Apache-2.0
#include "solver/flow/point.h"

#include <algorithm>
#include <numeric>

#include "linalg/decompositions.h"
#include "linalg/tall.h"

namespace rankflow::flow {
namespace {

// Columns that lose more than this share of their length in a projection are projected again.
constexpr double kOnceIsEnough = 1e-4;

// a without its components in the orthonormal columns of q; the coefficients in `inside`.
void project_out(Matrix& a, const Matrix& q, Matrix& inside) {
  const double before = a.norm();
  inside = transpose_times(q, a);
  subtract_product(a, q, inside);
  if (a.norm() > kOnceIsEnough * before) return;
  const Matrix again = transpose_times(q, a);
  subtract_product(a, q, again);
  inside += again;
}

// Wide when the matrix has fewer rows than directions: then all of the space is taken.
void orthonormal_basis(Matrix& a, Matrix& r) {
  if (a.rows() >= a.cols()) return tall_qr(a, r);
  const Svd<double> parts = svd<double>(a);
  a = parts.u;
  r = parts.s.asDiagonal() * parts.v.transpose();
}

}  // namespace

Point point_of_rank_zero(Index rows, Index columns) {
  Point point;
  point.u = Matrix(rows, 0);
  point.v = Matrix(columns, 0);
  point.row_bias = Vector::Zero(rows);
  point.column_bias = Vector::Zero(columns);
  return point;
}

Retraction::Retraction(const Point& point, const Tangent& xi) : point_(point), qu_(xi.left), qv_(xi.right) {
  Matrix unused;
  project_out(qu_, point.u, inside_);
  project_out(qv_, point.v, unused);
  orthonormal_basis(qu_, ru_);
  orthonormal_basis(qv_, rv_);
}

Point Retraction::at(double step, double least) const {
  const Index r = point_.width();
  // K = [ S + h A   h Rv^T ;  h Ru   0 ] in the bases [U Qu], [V Qv].
  Matrix k = Matrix::Zero(r + ru_.rows(), r + rv_.rows());
  k.topLeftCorner(r, r) = step * inside_;
  for (Index a = 0; a < r; ++a) k(a, a) = std::max(point_.s[a] + k(a, a), least * point_.s[a]);
  k.topRightCorner(r, rv_.rows()) = step * rv_.transpose();
  k.bottomLeftCorner(ru_.rows(), r) = step * ru_;
  const Svd<double> parts = svd<double>(k);
  Point next;
  next.mean = point_.mean;
  next.row_bias = point_.row_bias;
  next.column_bias = point_.column_bias;
  next.u = times(point_.u, parts.u.topLeftCorner(r, r));
  subtract_product(next.u, qu_, -parts.u.bottomLeftCorner(ru_.rows(), r));
  next.v = times(point_.v, parts.v.topLeftCorner(r, r));
  subtract_product(next.v, qv_, -parts.v.bottomLeftCorner(rv_.rows(), r));
  next.s = parts.s.head(r);
  return next;
}

Tangent transport(const Point& from, const Tangent& xi, const Point& to) {
  Tangent moved;
  moved.left = times(xi.left, transpose_times(from.v, to.v));  // xi v
  subtract_product(moved.left, from.u, -transpose_times(xi.right, to.v));
  moved.right = times(from.v, transpose_times(xi.left, to.u));  // xi^T u
  subtract_product(moved.right, xi.right, -transpose_times(from.u, to.u));
  subtract_product(moved.right, to.v, transpose_times(to.v, moved.right));
  return moved;
}

Tangent combine(double a, const Tangent& xi, double b, const Tangent& eta) {
  if (eta.empty()) return {a * xi.left, a * xi.right};
  return {a * xi.left + b * eta.left, a * xi.right + b * eta.right};
}

Point from_factors(Matrix left, Matrix right, const Point& like) {
  Matrix ra, rb;
  orthonormal_basis(left, ra);
  orthonormal_basis(right, rb);
  const Svd<double> parts = svd<double>(ra * rb.transpose());
  Point point;
  point.mean = like.mean;
  point.row_bias = like.row_bias;
  point.column_bias = like.column_bias;
  point.u = times(left, parts.u);
  point.v = times(right, parts.v);
  point.s = parts.s;
  return point;
}

Point add_direction(const Point& point, const Vector& p, const Vector& q, double s) {
  const Index r = point.width();
  const Index at = (point.s.array() >= s).count();
  Point next = point;
  next.u.resize(point.u.rows(), r + 1);
  next.v.resize(point.v.rows(), r + 1);
  next.s.resize(r + 1);
  for (Index k = 0; k <= r; ++k) {
    const Index from = k < at ? k : k - 1;
    if (k == at) {
      next.u.col(k) = p, next.v.col(k) = q, next.s[k] = s;
    } else {
      next.u.col(k) = point.u.col(from), next.v.col(k) = point.v.col(from), next.s[k] = point.s[from];
    }
  }
  return next;
}

void drop_small(Point& point, double relative, Index max_rank) {
  const Index r = point.width();
  if (r == 0) return;
  const Index keep = std::min(max_rank, (point.s.array() > relative * point.s[0]).count());
  if (keep == r) return;
  point.u = Matrix(point.u.leftCols(keep));
  point.v = Matrix(point.v.leftCols(keep));
  point.s = Vector(point.s.head(keep));
}

}  // namespace rankflow::flow
