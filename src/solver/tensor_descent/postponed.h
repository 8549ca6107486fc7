// Weights that do not move in every update: what descent has to tell the loss that moves them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/archive.h"

namespace rankflow::tensor_descent {

/// While hidden, the model holds these weights as they were when their window began, and gradient() leaves them out.
/// Shown, the model is what it would be if the window ended now. Showing changes nothing of what follows.
class Postponed {
 public:
  virtual ~Postponed() = default;
  /// The gradient was subtracted step times.
  virtual void moved(double step) = 0;
  /// An estimate of what the squared norm of the last gradient lacks.
  virtual double squared_norm() const = 0;
  virtual void show() = 0;
  virtual void hide() = 0;
  /// What the hidden model does not say. Call both while hidden.
  virtual void save(Archive& archive) const = 0;
  virtual void load(const Archive& archive) = 0;
};

}  // namespace rankflow::tensor_descent
