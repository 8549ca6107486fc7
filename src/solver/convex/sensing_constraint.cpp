// Constraints on general measurements: the map is a dense product, projections go through a factor of A A^*.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "linalg/decompositions.h"
#include "solver/convex/constraint.h"

namespace rankflow::convex {
namespace {

constexpr Index kRowsPerBlock = 64, kColumnsPerBlock = 512, kGramBlock = 256;
constexpr double kLeastPivot = 1e-7;        // of the factor, relative to its largest: below, A A^* counts as singular
constexpr double kLeastEigenvalue = 1e-12;  // of A A^*, relative to its largest: below, treated as 0
constexpr double kInconsistent = 1e-7;      // relative residual of the least squares solution
constexpr double kInside = 1e-3;            // by how much the box of `attainable` is smaller
constexpr int kMostProjections = 50;

// <A_k, W> for matrices given row by row, or as outer products.
class Map {
 public:
  explicit Map(const MatrixProblem<double>& problem) : p_(problem) {}

  Index count() const { return p_.values.size(); }

  Vector apply(const Matrix& w) const {
    Vector measured(count());
    const Eigen::Map<const Vector> flat(w.data(), w.size());
    parallel_blocks(count(), kRowsPerBlock, [&](Index begin, Index end, Index) {
      const Index size = end - begin;
      if (dense()) {
        measured.segment(begin, size).noalias() = p_.matrices.middleRows(begin, size) * flat;
      } else {
        const Matrix lw = p_.left.middleRows(begin, size) * w;
        measured.segment(begin, size) = lw.cwiseProduct(p_.right.middleRows(begin, size)).rowwise().sum();
      }
    });
    return measured;
  }

  // Blocks of columns (dense) or of rows of W, so that the order of additions does not depend on threads.
  Matrix adjoint(const Vector& lambda) const {
    Matrix w(p_.num_rows, p_.num_columns);
    Eigen::Map<Vector> flat(w.data(), w.size());
    if (dense()) {
      parallel_blocks(w.size(), kColumnsPerBlock, [&](Index begin, Index end, Index) {
        flat.segment(begin, end - begin).noalias() = p_.matrices.middleCols(begin, end - begin).transpose() * lambda;
      });
    } else {
      const Matrix scaled = lambda.asDiagonal() * p_.right;
      parallel_blocks(w.rows(), kRowsPerBlock, [&](Index begin, Index end, Index) {
        w.middleRows(begin, end - begin).noalias() = p_.left.middleCols(begin, end - begin).transpose() * scaled;
      });
    }
    return w;
  }

  Matrix gram() const {  // A A^*, m x m
    const Index m = count();
    Matrix k(m, m);
    parallel_blocks(m, kGramBlock, [&](Index begin, Index end, Index) {
      const Index size = end - begin;
      if (dense()) {
        k.block(begin, 0, size, end).noalias() =
            p_.matrices.middleRows(begin, size) * p_.matrices.topRows(end).transpose();
      } else {
        const Matrix left = p_.left.middleRows(begin, size) * p_.left.topRows(end).transpose();
        const Matrix right = p_.right.middleRows(begin, size) * p_.right.topRows(end).transpose();
        k.block(begin, 0, size, end) = left.cwiseProduct(right);
      }
    });
    return k.selfadjointView<Eigen::Lower>();
  }

 private:
  bool dense() const { return p_.measurement == Measurement::dense; }

  const MatrixProblem<double>& p_;
};

// Solves K x = b for K = L L^T, or in the least squares sense where K is singular.
class Factor {
 public:
  void compute(const Matrix& k, double diagonal) {
    lower_ = k;
    lower_.diagonal().array() += diagonal;
    const bool positive = cholesky(lower_);
    const Vector pivots = lower_.diagonal();
    singular_ = !positive || pivots.minCoeff() < kLeastPivot * pivots.maxCoeff();
    if (!singular_) return;
    lower_.resize(0, 0);
    eigen_ = symmetric_eigen(k);
    const double least = kLeastEigenvalue * std::max(1e-300, eigen_.values.maxCoeff());
    inverse_ = eigen_.values.unaryExpr([&](double x) { return x > least ? 1 / x : 0.0; });
  }

  Vector solve(const Vector& b) const {
    if (singular_) return eigen_.vectors * (inverse_.cwiseProduct(eigen_.vectors.transpose() * b));
    Vector x = lower_.triangularView<Eigen::Lower>().solve(b);
    lower_.triangularView<Eigen::Lower>().transpose().solveInPlace(x);
    return x;
  }

  bool ready() const { return lower_.size() > 0 || singular_; }
  bool singular() const { return singular_; }

 private:
  Matrix lower_;
  SymmetricEigen eigen_;
  Vector inverse_;
  bool singular_ = false;
};

class SensingConstraint final : public Constraint {
 public:
  explicit SensingConstraint(const MatrixProblem<double>& problem)
      : Constraint(problem.num_rows, problem.num_columns, problem.values), map_(problem) {
    gram_ = map_.gram();
    // t is scaled so that it weighs as much as W does: A A^* / weight^2 has diagonal 1 on average.
    weight_ = 1 / std::sqrt(std::max(1e-300, gram_.diagonal().mean()));
    exact_.compute(gram_, 0);
  }

  Vector apply(const Matrix& w) const override { return map_.apply(w); }
  Matrix adjoint(const Vector& lambda) const override { return map_.adjoint(lambda); }

  bool set_tolerance(double tolerance) override {
    tolerance_ = tolerance;
    if (splits() && !graph_.ready()) graph_.compute(gram_, 1 / (weight_ * weight_));
    if (splits() || !exact_.singular()) return true;
    const Vector residual = gram_ * exact_.solve(values()) - values();
    return residual.norm() <= kInconsistent * std::max(1e-300, values().norm());
  }

  Index extra() const override { return splits() ? values().size() : 0; }

  void clip(Vector& t) const override {
    if (splits()) t = weight_ * clipped(t / weight_);
  }

  // Splitting: min ||W - W_0||^2 + ||t - t_0||^2 subject to t = weight A W gives
  // (A A^* + 1 / weight^2) lambda = t_0 / weight - A W_0,  W = W_0 + A^* lambda,  t = t_0 - lambda / weight.
  Vector project(Point& point) const override {
    const Vector measured = apply(point.w);
    Vector lambda;
    if (splits()) {
      lambda = graph_.solve(point.t / weight_ - measured);
      point.t -= lambda / weight_;
    } else {
      lambda = exact_.solve(values() - measured);
    }
    point.w += adjoint(lambda);
    return lambda;
  }

  Point lift(const Matrix& w, const Vector& lambda) const override {
    Point point{w + adjoint(lambda), Vector()};
    if (splits()) point.t = weight_ * clipped(apply(w)) - lambda / weight_;
    return point;
  }

  void repair(Matrix& w) const override {
    const Vector measured = apply(w);
    Vector target = clipped(measured);
    if (splits() && exact_.singular()) target = attainable(target);
    const Vector missing = target - measured;
    if (missing.squaredNorm() > 0) w += adjoint(exact_.solve(missing));
  }

 private:
  bool splits() const { return tolerance_ > 0; }

  // Numbers that some matrix has, within the tolerance: alternating projections between the range of A A^* and a box
  // that is a little smaller, so that they end if the box has an interior. The last ones of the range otherwise.
  Vector attainable(Vector u) const {
    const Vector slack = Vector::Constant(u.size(), (1 - kInside) * tolerance_);
    for (int k = 0; k < kMostProjections; ++k) {
      const Vector measured = gram_ * exact_.solve(u);
      const bool inside = (measured - values()).lpNorm<Eigen::Infinity>() <= tolerance_;
      u = measured.cwiseMax(values() - slack).cwiseMin(values() + slack);
      if (inside) return measured;
    }
    return gram_ * exact_.solve(u);
  }

  Map map_;
  Matrix gram_;
  Factor exact_, graph_;
  double weight_ = 1;
};

}  // namespace

std::unique_ptr<Constraint> make_sensing_constraint(const MatrixProblem<double>& problem) {
  return std::make_unique<SensingConstraint>(problem);
}

}  // namespace rankflow::convex
