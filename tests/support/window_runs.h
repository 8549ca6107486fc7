// Descent whose negligible weights move once per window, followed in strides, looked at and taken up again on the way.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "rankflow/tensor_descent.h"

namespace rankflow::test {

/// `looks`: evaluates between strides. `restores`: goes on from the saved state alone.
template <class Windows, class T, class Model>
Model follow_windows(const TensorProblem<T>& problem, Model model, const DescentOptions& options,
                     const std::vector<Index>& strides, bool looks, bool restores) {
  auto loss = make_loss(problem, model, Windows{});
  auto engine = std::make_unique<TensorDescent<T>>(*loss, options);
  std::vector<std::unique_ptr<TensorModelLoss<T>>> kept;
  for (const Index stride : strides) {
    engine->advance(stride);
    if (looks) {
      engine->moment();
      loss->loss();
    }
    if (!restores) continue;
    const Archive state = engine->state();
    for (MatrixOf<T>* weights : loss->weights()) weights->setConstant(7);
    kept.push_back(std::move(loss));
    loss = make_loss(problem, model, Windows{});
    engine = std::make_unique<TensorDescent<T>>(*loss, options);
    engine->restore(state);
  }
  return model;
}

}  // namespace rankflow::test
