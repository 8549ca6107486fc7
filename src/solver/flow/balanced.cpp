// The flow's rate in balanced factors.
// SPDX-License-Identifier: Apache-2.0
#include "solver/flow/balanced.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "linalg/decompositions.h"
#include "linalg/tall.h"

namespace rankflow::flow {
namespace {

constexpr Index kWide = 24;  // from here on LAPACK's rotations, which work on whole columns, are faster
constexpr int kMaxSweeps = 30;
constexpr double kOffDiagonal = 1e-16;  // relative to the geometric mean of the two diagonal entries

// Eigenvalues (unsorted, on the diagonal of c) and eigenvectors of a positive definite matrix.
void jacobi(Matrix& c, Matrix& q) {
  const Index r = c.rows();
  q.setIdentity(r, r);
  for (int sweep = 0; sweep < kMaxSweeps; ++sweep) {
    bool rotated = false;
    for (Index i = 0; i + 1 < r; ++i)
      for (Index j = i + 1; j < r; ++j) {
        if (!(std::abs(c(i, j)) > kOffDiagonal * std::sqrt(c(i, i) * c(j, j)))) continue;
        rotated = true;
        const double tau = (c(j, j) - c(i, i)) / (2 * c(i, j));
        const double t = std::copysign(1 / (std::abs(tau) + std::sqrt(1 + tau * tau)), tau);
        const double cosine = 1 / std::sqrt(1 + t * t), sine = cosine * t;
        const double off = c(i, j), ii = c(i, i) - t * off, jj = c(j, j) + t * off;
        for (Index k = 0; k < r; ++k) {
          const double x = c(k, i), y = c(k, j);
          c(k, i) = c(i, k) = cosine * x - sine * y;
          c(k, j) = c(j, k) = sine * x + cosine * y;
          const double u = q(k, i), v = q(k, j);
          q(k, i) = cosine * u - sine * v;
          q(k, j) = sine * u + cosine * v;
        }
        c(i, i) = ii, c(j, j) = jj, c(i, j) = c(j, i) = 0;
      }
    if (!rotated) return;
  }
}

}  // namespace

Balanced balance(const Point& point) {
  const Vector root = point.s.cwiseSqrt();
  return {point.u * root.asDiagonal(), point.v * root.asDiagonal()};
}

Frame frame_of(const Balanced& w) {
  Matrix gram = .5 * (transpose_times(w.a, w.a) + transpose_times(w.b, w.b)), q;
  const Index r = gram.rows();
  if (r >= kWide) {
    SymmetricEigen parts = graded_eigen(gram);
    return {std::move(parts.vectors), std::move(parts.values)};
  }
  jacobi(gram, q);
  std::vector<Index> order(static_cast<std::size_t>(r));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Index x, Index y) { return gram(x, x) > gram(y, y); });
  Frame frame{Matrix(r, r), Vector(r)};
  for (Index k = 0; k < r; ++k) {
    frame.rotation.col(k) = q.col(order[k]);
    frame.s[k] = gram(order[k], order[k]);
  }
  return frame;
}

Balanced flow_rate(const Balanced& w, const Frame& frame, const Slope& slope, const Law& law) {
  const Vector root = frame.s.cwiseSqrt(), inverse = root.cwiseInverse();
  const Matrix to_unit = frame.rotation * inverse.asDiagonal();
  const Matrix u = times(w.a, to_unit), v = times(w.b, to_unit);
  Balanced rate{times(slope.g_right, to_unit), times(slope.gt_left, to_unit)};  // G V, G^T U
  const Matrix m = transpose_times(u, rate.a), mt = transpose_times(v, rate.b);
  subtract_product(rate.a, u, m);
  subtract_product(rate.b, v, mt);
  const Vector d = frame.s.array().pow(1.5 - 2 / law.depth);
  rate.a *= (-d).asDiagonal();
  rate.b *= (-d).asDiagonal();
  const Matrix h = coupling(frame.s, law.depth);
  Matrix x(m.rows(), m.cols()), y(m.rows(), m.cols());
  for (Index a = 0; a < m.rows(); ++a)
    for (Index b = 0; b < m.cols(); ++b) {
      const double both = h(a, b) * m(a, b) / (frame.s[a] + frame.s[b]);
      x(a, b) = both * root[b];
      y(b, a) = both * root[a];
    }
  subtract_product(rate.a, u, x);
  subtract_product(rate.b, v, y);
  const Matrix back = frame.rotation.transpose();
  rate.a = times(rate.a, back);
  rate.b = times(rate.b, back);
  if (law.weight_decay > 0) {
    rate.a -= .5 * law.weight_decay * law.depth * w.a;
    rate.b -= .5 * law.weight_decay * law.depth * w.b;
  }
  return rate;
}

Matrix balancing(const Balanced& w, const Vector& s) {
  Matrix k = .5 * (transpose_times(w.b, w.b) - transpose_times(w.a, w.a));
  for (Index i = 0; i < k.rows(); ++i)
    for (Index j = 0; j < k.cols(); ++j) k(i, j) /= s[i] + s[j];
  return k;
}

Point to_point(const Balanced& w, const Point& biases) {
  return from_factors(w.a, w.b, biases);
}

double scalar_law(double alpha, double integral, double depth) {
  if (std::abs(depth - 2) < 1e-12) return alpha * std::exp(2 * integral);
  // d/dt s^-e = -e L g with e = 1 - 2/L, e L = L - 2.
  const double e = 1 - 2 / depth, left = std::pow(alpha, -e) - (depth - 2) * integral;
  if (left <= 0) return depth > 2 ? std::numeric_limits<double>::infinity() : 0;
  return std::pow(left, -1 / e);
}

}  // namespace rankflow::flow
