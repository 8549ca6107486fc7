// The convex baseline: the matrix of least nuclear norm that matches the measurements, certified by a dual bound; and
// the path of nuclear-norm penalties (soft-impute).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "rankflow/fit.h"
#include "rankflow/matrix_problem.h"
#include "rankflow/options.h"
#include "rankflow/snapshot.h"

namespace rankflow {

struct NuclearNormOptions {
  double tolerance = 0;        // |<A_k, W> - y_k| <= tolerance for all k; 0 = equality
  double relative_gap = 1e-4;  // stops once (norm - dual bound) / norm and the violation are below it
  Index max_iterations = 20'000;
  double max_seconds = 0;
  Index record_every = 0;
};
std::vector<OptionField> fields(NuclearNormOptions& options);

struct NuclearNormResult {
  Matrix w;                  // rows x columns
  double norm = kNaN;        // ||w||_*
  double dual_bound = kNaN;  // no feasible matrix has a smaller nuclear norm
  double violation = kNaN;   // largest |<A_k, W> - y_k| - tolerance, at least 0
  Vector dual;               // y of the dual: the warm start of a later solve
  Stop stop = Stop::not_run;
  std::string message = "the fit has not run";
  Index iterations = 0;
  double seconds = 0;
};

/// min ||W||_* subject to |<A_k, W> - y_k| <= tolerance. `warm`: an earlier result on the same sizes, or null.
NuclearNormResult minimize_nuclear_norm(const MatrixProblem<double>& problem, const NuclearNormOptions& options,
                                        const NuclearNormResult* warm = nullptr,
                                        std::span<const Watcher> watchers = {});

}  // namespace rankflow
