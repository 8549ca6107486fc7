// What one residual costs and how steep that is, in the scalar type of the engine, without calls.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/matrix_problem.h"

namespace rankflow::descent {

template <class T>
class Residual {
 public:
  explicit Residual(const MatrixProblem<T>& problem)
      : loss_(problem.loss),
        count_(problem.count()),
        delta_(problem.loss.penalty == Penalty::huber ? problem.loss.delta : 0),
        scale_(problem.loss.normalization == Normalization::mean ? 2.0 / static_cast<double>(problem.count()) : 1.0) {}

  /// dL/dr, and rho(r).
  T slope(T r, double& rho) const {
    const double fine = static_cast<double>(r), size = fine < 0 ? -fine : fine;
    if (delta_ > 0 && size > delta_) {
      rho = delta_ * (2 * size - delta_);
      return static_cast<T>(scale_ * (fine < 0 ? -delta_ : delta_));
    }
    rho = fine * fine;
    return static_cast<T>(scale_) * r;
  }
  double loss(double sum) const { return loss_.value(sum, count_); }
  /// The scale of slopes and where they are clipped (0 = nowhere), for passes that do this themselves.
  double scale() const { return scale_; }
  double delta() const { return delta_; }

 private:
  MatrixLoss loss_;
  Index count_;
  double delta_, scale_;
};

}  // namespace rankflow::descent
