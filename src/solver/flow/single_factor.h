// Depth 1: the gradient flow of the end matrix itself, dW/dt = -G - lambda W.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/flow.h"
#include "solver/flow/dormand_prince.h"
#include "solver/flow/loss.h"

namespace rankflow::flow {

/// Integrated with error control relative to the largest of |W| and of the change so far. Singular values are not
/// followed one by one: at depth 1 they may pass through zero.
class SingleFactor {
 public:
  SingleFactor(Loss& loss, Matrix start, const FlowOptions& options);
  /// One step, not beyond `until`; false if no step size gives the accuracy asked for.
  bool step(double until);

  const Matrix& w() const { return w_.value; }
  const Matrix& gradient() const { return gradient_; }
  double loss() const { return loss_; }
  double time() const { return time_; }
  double last_step() const { return last_step_; }

 private:
  struct State {
    Matrix value;
    void add(double factor, const State& x) { value += factor * x.value; }
    void scale(double factor) { value *= factor; }
  };
  State rate(const State& w);

  Loss& function_;
  const FlowOptions& options_;
  Point no_biases_;
  Matrix identity_, gradient_;
  State w_, rate_;
  double loss_ = kNaN, time_ = 0, step_size_ = 0, last_step_ = kNaN;
};

}  // namespace rankflow::flow
