// The end-to-end flow's direction, the best step in a plane, and the directions that wait outside.
// SPDX-License-Identifier: Apache-2.0
#include "solver/flow/direction.h"

#include <algorithm>
#include <cmath>

#include "linalg/decompositions.h"
#include "linalg/tall.h"
#include "rankflow/rng.h"

namespace rankflow::flow {
namespace {

constexpr double kPairTolerance = 1e-3;  // relative change of the top value at which the subspace iteration rests
constexpr Index kExtraPairs = 3;         // columns beside those asked for, at least

// a without the columns' components in u (orthonormal).
void remove(Matrix& a, const Matrix& u) {
  if (u.cols() > 0) subtract_product(a, u, transpose_times(u, a));
}

}  // namespace

Matrix coupling(const Vector& s, double depth) {
  const Index r = s.size();
  const double p = 2 / depth;
  Matrix h(r, r);
  for (Index a = 0; a < r; ++a)
    for (Index b = 0; b <= a; ++b) {
      const double large = std::max(s[a], s[b]), small = std::min(s[a], s[b]);
      // With x = ln(small / large): H = large^(2-p) (1 - e^2x) / (1 - e^px), and 2 / p = L where x = 0.
      const double x = small < .5 * large ? std::log(small / large) : std::log1p((small - large) / large);
      const double ratio = x == 0 ? depth : std::expm1(2 * x) / std::expm1(p * x);
      h(a, b) = h(b, a) = std::pow(large, 2 - p) * ratio;
    }
  return h;
}

double penalty(const Vector& s, const Law& law) {
  if (law.weight_decay == 0) return 0;
  return .5 * law.weight_decay * law.depth * s.array().pow(2 / law.depth).sum();
}

Tangent flow_direction(const Point& point, const Slope& slope, const Law& law) {
  const Vector d = point.s.array().pow(2 - 2 / law.depth);
  const Matrix m = transpose_times(point.u, slope.g_right);
  const Matrix h = coupling(point.s, law.depth);
  Tangent xi{slope.g_right, slope.gt_left};
  subtract_product(xi.left, point.u, m);                       // P_u
  subtract_product(xi.right, point.v, Matrix(m.transpose()));  // P_v
  xi.left *= (-d).asDiagonal();
  xi.right *= (-d).asDiagonal();
  Matrix within = h.cwiseProduct(m);
  within.diagonal() += law.weight_decay * law.depth * point.s;
  subtract_product(xi.left, point.u, within);
  return xi;
}

double derivative(const Point& point, const Slope& slope, const Law& law, const Tangent& xi) {
  double sum = xi.left.cwiseProduct(slope.g_right).sum() + xi.right.cwiseProduct(slope.gt_left).sum();
  if (law.weight_decay > 0) {
    for (Index a = 0; a < point.width(); ++a)
      sum += law.weight_decay * std::pow(point.s[a], 2 / law.depth - 1) * point.u.col(a).dot(xi.left.col(a));
  }
  return sum;
}

PlaneStep minimum_over_plane(Loss& loss, const Point& point, const Slope& slope, const Law& law, const Tangent& xi,
                             const Tangent& eta) {
  const PlaneSums q = loss.curvature(point, xi, eta.empty() ? nullptr : &eta);
  const double slope_a = derivative(point, slope, law, xi);
  if (!(slope_a < 0) || !(q.aa > 0)) return {};
  const double determinant = q.aa * q.bb - q.ab * q.ab;
  if (eta.empty() || !(determinant > 1e-10 * q.aa * q.bb)) return {-slope_a / q.aa, 0};
  const double slope_b = derivative(point, slope, law, eta);
  return {(-slope_a * q.bb + slope_b * q.ab) / determinant, (-slope_b * q.aa + slope_a * q.ab) / determinant};
}

Pairs top_pairs(Loss& loss, const Point& point, Index count, int iterations, std::uint64_t seed) {
  const Matrix left = point.u * point.s.asDiagonal();
  const Factors w{left, point.v, point};
  const Index outside = std::min(loss.num_rows(), loss.num_columns()) - point.width();
  const Index width = std::min(outside, count + std::max(kExtraPairs, count / 5));
  Matrix x(loss.num_columns(), width), y, unused;
  Rng rng(seed, 0xF10D);
  for (Index k = 0; k < x.size(); ++k) x.data()[k] = rng.normal();
  remove(x, point.v);
  tall_qr(x, unused);
  Svd<double> parts;
  double before = 0;
  for (int iteration = 0; iteration < iterations; ++iteration) {
    y = loss.apply(w, x, false);
    remove(y, point.u);
    tall_qr(y, unused);
    Matrix b = loss.apply(w, y, true);  // n x width: (y^T G)^T
    remove(b, point.v);
    Matrix r;
    tall_qr(b, r);
    parts = svd<double>(r);  // y^T G = r^T b^T = parts.v s parts.u^T b^T
    x = times(b, parts.u);
    const double change = std::abs(parts.s[0] - before);
    before = parts.s[0];
    if (count == 1 && change < kPairTolerance * before) break;
  }
  const Index kept = std::min(count, width);
  return {times(y, Matrix(-parts.v.leftCols(kept))), x.leftCols(kept), parts.s.head(kept)};
}

double observed_square(Loss& loss, const Vector& p, const Vector& q) {
  Point one = point_of_rank_zero(p.size(), q.size());
  one.u = p;
  one.v = q;
  one.s = Vector::Ones(1);
  const Tangent xi{one.u, Matrix::Zero(q.size(), 1)};
  return loss.curvature(one, xi, nullptr).aa;
}

}  // namespace rankflow::flow
