// Constraints on single entries: the measurements are orthonormal, so projecting is clipping.
// SPDX-License-Identifier: Apache-2.0
#include "solver/convex/constraint.h"

namespace rankflow::convex {
namespace {

class EntriesConstraint final : public Constraint {
 public:
  explicit EntriesConstraint(const MatrixProblem<double>& problem)
      : Constraint(problem.num_rows, problem.num_columns, values_of(problem)) {
    if (problem.measurement == Measurement::full) {
      cells_.resize(static_cast<std::size_t>(problem.target.size()));
      for (std::size_t k = 0; k < cells_.size(); ++k) cells_[k] = static_cast<Index>(k);
      return;
    }
    for (Index k = 0; k < problem.entries.count(); ++k)
      cells_.push_back(problem.entries.row[k] * problem.num_columns + problem.entries.column[k]);
  }

  Vector apply(const Matrix& w) const override {
    Vector measured(values().size());
    for (Index k = 0; k < measured.size(); ++k) measured[k] = w.data()[cells_[k]];
    return measured;
  }

  Matrix adjoint(const Vector& lambda) const override {
    Matrix w = Matrix::Zero(num_rows(), num_columns());
    for (Index k = 0; k < lambda.size(); ++k) w.data()[cells_[k]] = lambda[k];
    return w;
  }

  bool set_tolerance(double tolerance) override {
    tolerance_ = tolerance;
    return true;
  }

  Vector project(Point& point) const override {
    const Vector measured = apply(point.w), target = clipped(measured);
    set(point.w, target);
    return target - measured;
  }

  void repair(Matrix& w) const override { set(w, clipped(apply(w))); }

 private:
  static Vector values_of(const MatrixProblem<double>& problem) {
    if (problem.measurement == Measurement::full)
      return Eigen::Map<const Vector>(problem.target.data(), problem.target.size());
    return Eigen::Map<const Vector>(problem.entries.value.data(), problem.entries.count());
  }

  void set(Matrix& w, const Vector& target) const {
    for (Index k = 0; k < target.size(); ++k) w.data()[cells_[k]] = target[k];
  }

  std::vector<Index> cells_;  // positions in row-major order
};

}  // namespace

double Constraint::violation(const Matrix& w) const {
  const Vector off = (apply(w) - values_).cwiseAbs();
  return off.size() == 0 ? 0 : std::max(0.0, off.maxCoeff() - tolerance_);
}

Vector Constraint::clipped(const Vector& measured) const {
  return measured.cwiseMax((values_.array() - tolerance_).matrix()).cwiseMin((values_.array() + tolerance_).matrix());
}

std::unique_ptr<Constraint> make_entries_constraint(const MatrixProblem<double>& problem) {
  return std::make_unique<EntriesConstraint>(problem);
}

std::unique_ptr<Constraint> make_constraint(const MatrixProblem<double>& problem) {
  const bool entries = problem.measurement == Measurement::entries || problem.measurement == Measurement::full;
  return entries ? make_entries_constraint(problem) : make_sensing_constraint(problem);
}

}  // namespace rankflow::convex
