// What an engine shows of itself at one moment; what is costly is made when it is asked for, once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "rankflow/fit.h"
#include "rankflow/types.h"

namespace rankflow {

/// W = u diag(s) v^T, s descending.
struct Spectrum {
  Matrix u, v;
  Vector s;
};

/// Any matrix engine derives from it and fills in the compute functions. Everything in double.
class Snapshot {
 public:
  Index iteration = 0;      // number of updates made so far; 0 = the start
  double time = 0;          // step sizes summed up: the time of the flow
  double seconds = 0;       // since the engine's start, without what was spent on snapshots
  double loss = kNaN;       // at this point, in the problem's normalization
  double step_size = kNaN;  // of the last update

  virtual ~Snapshot() = default;
  const Matrix& end_matrix();
  const Matrix& gradient();         // dL/dW, dense
  const Vector& singular_values();  // descending, min(rows, columns) of them, or those of a low-rank engine
  const Spectrum& spectrum();
  /// W_1, ..., W_N; empty if the engine has no factors.
  const std::vector<Matrix>& factors();

 protected:
  virtual Matrix compute_end_matrix() = 0;
  virtual Matrix compute_gradient() = 0;
  virtual Spectrum compute_spectrum();  // default: dgesdd of the end matrix
  virtual Vector compute_singular_values();
  virtual std::vector<Matrix> compute_factors() { return {}; }
  /// The engine has moved on: what was computed is computed again when asked for.
  void forget();

 private:
  std::optional<Matrix> end_matrix_, gradient_;
  std::optional<Vector> singular_values_;
  std::optional<Spectrum> spectrum_;
  std::optional<std::vector<Matrix>> factors_;
};

/// Called at the first point, at those that `record_every` asks for, and at the last. Must not change the engine.
using Watcher = std::function<Next(Snapshot&)>;

}  // namespace rankflow
