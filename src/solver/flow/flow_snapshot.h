// What the flow shows of itself: a spectrum that it knows without decomposing anything, and dense matrices on demand.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/snapshot.h"
#include "solver/flow/loss.h"

namespace rankflow::flow {

class FlowSnapshot final : public Snapshot {
 public:
  /// Both must outlive it. `unit`: the problem's gradient over that of the loss function.
  FlowSnapshot(Loss& loss_function, const Point& point, double unit)
      : function_(loss_function), point_(point), unit_(unit) {}

 private:
  Matrix compute_end_matrix() override { return point_.u * point_.s.asDiagonal() * point_.v.transpose(); }
  Matrix compute_gradient() override {
    const Matrix left = point_.u * point_.s.asDiagonal();
    const Index n = point_.num_columns();
    return unit_ * function_.apply({left, point_.v, point_}, Matrix::Identity(n, n), false);
  }
  Spectrum compute_spectrum() override { return {point_.u, point_.v, point_.s}; }
  Vector compute_singular_values() override { return point_.s; }

  Loss& function_;
  const Point& point_;
  double unit_;
};

/// Depth 1: the end matrix itself.
class MatrixSnapshot final : public Snapshot {
 public:
  MatrixSnapshot(const Matrix& w, const Matrix& gradient) : w_(w), gradient_(gradient) {}

 private:
  Matrix compute_end_matrix() override { return w_; }
  Matrix compute_gradient() override { return gradient_; }

  const Matrix &w_, &gradient_;
};

}  // namespace rankflow::flow
