// What an engine for tensors shows of itself at one moment; what is costly is made when it is asked for, once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "rankflow/cp_factorization.h"
#include "rankflow/tree_factorization.h"
#include "rankflow/types.h"

namespace rankflow {

/// Any engine that moves a CP or a hierarchical factorization derives from it. Everything in double.
class TensorSnapshot {
 public:
  Index iteration = 0;      // number of updates made so far; 0 = the start
  double time = kNaN;       // step sizes summed up: the time of the flow; NaN for engines without
  double seconds = 0;       // since the engine's start, without what was spent on snapshots
  double loss = kNaN;       // at this point, in the problem's normalization
  double step_size = kNaN;  // of the last update
  double gradient_norm = kNaN;

  virtual ~TensorSnapshot() = default;
  /// The model; null if it is one of the other kind.
  const CpFactorization<double>* cp();
  const TreeFactorization<double>* tree();
  /// All cells, the last mode fastest.
  const Vector& cells();
  /// dL/dW for each of the model's matrices, in their order; empty if the engine has none.
  const std::vector<Matrix>& gradient();

 protected:
  /// Fills in the one that there is.
  virtual void compute_model(std::optional<CpFactorization<double>>& cp,
                             std::optional<TreeFactorization<double>>& tree) = 0;
  virtual std::vector<Matrix> compute_gradient() { return {}; }

 private:
  void make_model();

  bool made_ = false;
  std::optional<CpFactorization<double>> cp_;
  std::optional<TreeFactorization<double>> tree_;
  std::optional<Vector> cells_;
  std::optional<std::vector<Matrix>> gradient_;
};

}  // namespace rankflow
