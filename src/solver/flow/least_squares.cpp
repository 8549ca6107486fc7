// Levenberg and Marquardt's method on balanced factors.
// SPDX-License-Identifier: Apache-2.0
#include "solver/flow/least_squares.h"

#include <algorithm>
#include <cmath>

namespace rankflow::flow {
namespace {

constexpr double kFirstDamping = 1e-3;
constexpr double kSmallestDamping = 1e-14;
constexpr int kMaxProducts = 400;

struct Pair {
  Matrix left, right;
  double dot(const Pair& other) const {
    return left.cwiseProduct(other.left).sum() + right.cwiseProduct(other.right).sum();
  }
  void add(double a, const Pair& other) {
    left += a * other.left;
    right += a * other.right;
  }
};

// Diagonal of J^T J in the balanced frame if each line saw every direction evenly: n_i / n s_k.
Pair preconditioner(const Loss& loss, const Vector& s, double damping) {
  Pair d{Matrix(loss.num_rows(), s.size()), Matrix(loss.num_columns(), s.size())};
  const double m = static_cast<double>(loss.num_rows()), n = static_cast<double>(loss.num_columns());
  for (Index i = 0; i < loss.num_rows(); ++i) d.left.row(i) = (loss.row_weight(i) / n * s.array() + damping).inverse();
  for (Index j = 0; j < loss.num_columns(); ++j)
    d.right.row(j) = (loss.column_weight(j) / m * s.array() + damping).inverse();
  return d;
}

// x with (J^T J + damping) x = b to a relative residual of `tolerance`.
Pair solve(Loss& loss, const Factors& at, const Vector& s, const Pair& b, double damping, double tolerance,
           int& products) {
  const Pair inverse = preconditioner(loss, s, damping);
  const auto precondition = [&](const Pair& r) {
    return Pair{inverse.left.cwiseProduct(r.left), inverse.right.cwiseProduct(r.right)};
  };
  Pair x{Matrix::Zero(b.left.rows(), b.left.cols()), Matrix::Zero(b.right.rows(), b.right.cols())};
  Pair r = b, z = precondition(r), p = z, q;
  double rz = r.dot(z);
  const double target = tolerance * tolerance * rz;
  for (products = 0; products < kMaxProducts && rz > target && rz > 0; ++products) {
    loss.normal_product(at, p.left, p.right, q.left, q.right);
    q.add(damping, p);
    const double step = rz / p.dot(q);
    if (!std::isfinite(step)) break;
    x.add(step, p);
    r.add(-step, q);
    z = precondition(r);
    const double next = r.dot(z);
    p.left = z.left + next / rz * p.left;
    p.right = z.right + next / rz * p.right;
    rz = next;
  }
  return x;
}

}  // namespace

LeastSquares start_least_squares(Loss& loss, const Point& point) {
  LeastSquares state;
  state.point = point;
  state.loss = value_at(loss, point);
  state.damping = kFirstDamping;
  return state;
}

int least_squares_step(Loss& loss, LeastSquares& state) {
  const Vector root = state.point.s.cwiseSqrt();
  const Matrix left = state.point.u * root.asDiagonal(), right = state.point.v * root.asDiagonal();
  const Factors at{left, right, state.point};
  const Slope slope = loss.slope(at);
  const double relative = std::sqrt(2 * slope.loss / loss.squares());
  const double density = static_cast<double>(loss.count()) /
                         (static_cast<double>(loss.num_rows()) * static_cast<double>(loss.num_columns()));
  const double damping = state.damping * density * state.point.s[0];
  const Pair gradient{-slope.g_right, -slope.gt_left};
  int products = 0;
  const Pair d = solve(loss, at, state.point.s, gradient, damping, std::min(.1, .1 * std::sqrt(relative)), products);
  ++state.iteration;

  const Point candidate = from_factors(left + d.left, right + d.right, state.point);
  const double value = value_at(loss, candidate);
  const double predicted = .5 * (damping * d.dot(d) + d.dot(gradient));
  const double gain = (slope.loss - value) / predicted;
  if (std::isfinite(value) && value < slope.loss && gain > 0) {
    state.point = candidate;
    state.loss = value;
    const double t = 2 * gain - 1;
    state.damping = std::max(kSmallestDamping, state.damping * std::max(1.0 / 3, 1 - t * t * t));
    if (gain > .9) state.damping = std::max(kSmallestDamping, state.damping * .1);
    state.growth = 2;
    state.rejected = 0;
  } else {
    state.loss = slope.loss;
    state.damping *= state.growth;
    state.growth *= 2;
    ++state.rejected;
  }
  return products;
}

}  // namespace rankflow::flow
