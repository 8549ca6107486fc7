// The convex baseline: the matrix of least nuclear norm that matches the measurements, certified by a dual bound.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rankflow/archive.h"
#include "rankflow/fit.h"
#include "rankflow/matrix_problem.h"
#include "rankflow/options.h"
#include "rankflow/snapshot.h"

namespace rankflow {

struct NuclearNormOptions {
  double tolerance = 0;        // |<A_k, W> - y_k| <= tolerance for all k; 0 = equality
  double relative_gap = 1e-5;  // stops once (norm - dual bound) / norm is at or below it
  Index max_iterations = 20'000;
  double max_seconds = 0;
  Index record_every = 0;
};
std::vector<OptionField> fields(NuclearNormOptions& options);
void check(const NuclearNormOptions& options);

/// An upper and a lower bound of the optimal value of a convex problem.
struct Certificate {
  double value = kNaN;  // of a feasible point
  double bound = kNaN;  // no feasible point has a smaller value
  double relative_gap() const;
};

struct NuclearNormResult {
  Matrix w;                  // rows x columns, feasible up to round-off
  double norm = kNaN;        // ||w||_*
  double dual_bound = kNaN;  // no feasible matrix has a smaller nuclear norm
  double violation = kNaN;   // largest |<A_k, w> - y_k| - tolerance, at least 0
  Vector dual;               // lambda: norm(A^* lambda) <= 1 and <lambda, y> - tolerance ||lambda||_1 = dual_bound
  double scale = kNaN;       // step size that the solve ended with: the warm start of a later one continues with it
  Stop stop = Stop::not_run;
  std::string message = "the fit has not run";
  Index iterations = 0;
  double seconds = 0;
  double relative_gap() const { return Certificate{norm, dual_bound}.relative_gap(); }
};

/// min ||W||_* subject to |<A_k, W> - y_k| <= tolerance, step by step. What depends on the measurements alone (the
/// Cholesky factor of A A^* for sensing) is computed once, so one object serves a path of tolerances.
class NuclearNormSolver {
 public:
  /// `problem` must outlive the object. Its loss is not looked at.
  explicit NuclearNormSolver(const MatrixProblem<double>& problem);
  ~NuclearNormSolver();
  NuclearNormSolver(NuclearNormSolver&&) noexcept;

  /// Begins a solve; `warm`: an earlier result on the same sizes, or null.
  void start(const NuclearNormOptions& options, const NuclearNormResult* warm = nullptr);
  /// Makes up to `iterations` iterations; false once the solve has ended.
  bool advance(Index iterations);
  /// The current low-rank iterate. Valid until the next advance().
  Snapshot& snapshot();
  /// The best bounds so far (certifications happen now and then).
  Certificate certificate() const;
  /// Between strides: continuing from it gives the same bits as going on. restore() comes after start().
  Archive state() const;
  void restore(const Archive& state);
  /// Certifies if the last iteration did not.
  NuclearNormResult result();
  void finish(Stop why);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The whole solve. `warm`: an earlier result on the same sizes, or null.
NuclearNormResult minimize_nuclear_norm(const MatrixProblem<double>& problem, const NuclearNormOptions& options,
                                        const NuclearNormResult* warm = nullptr,
                                        std::span<const Watcher> watchers = {});

}  // namespace rankflow
