// Where a soft-impute path is, and how that is kept.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/archive.h"
#include "rankflow/soft_impute.h"
#include "solver/convex/sparse_residual.h"

namespace rankflow::convex {

struct PathState {
  Product product, best;
  Matrix entering;             // directions that the search for singular vectors begins with
  double largest = 0;          // penalty at the head of the path
  Index index = 0;             // of the current penalty
  PenalizedSolution solution;  // at the current penalty, so far
  std::vector<PenalizedSolution> path;
  Index best_index = 0;
  Index iterations = 0;
  Stop stop = Stop::not_run;
  std::string message = "under way";
  double seconds_before = 0;

  void save(Archive& to, double seconds) const;
  void load(const Archive& from, Index rows, Index columns);
};

}  // namespace rankflow::convex
