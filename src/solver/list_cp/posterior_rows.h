// The rows of all factors with their uncertainty, and the sweep that updates them one mode after another.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "solver/list_cp/row_lists.h"

namespace rankflow::list_cp {

/// One mode. Rows are the means of the components' weights; second moments E[w w^T] are lower triangles, row by row.
struct ModeRows {
  Matrix mean;                   // rows x components
  MatrixOf<float> second;        // rows x components (components + 1) / 2; empty: mean mean^T
  Vector effect, effect_second;  // E[a], E[a^2]
};

struct State {
  std::vector<ModeRows> modes;
  double offset = 0;
  double noise = 1;            // precision
  Vector component_precision;  // over all modes
  Vector effect_precision;     // per mode

  Index components() const { return component_precision.size(); }
};

struct SweepOptions {
  bool effects = true;
  bool bayes = true;            // uncertainty counts
  bool learn_precision = true;  // of noise and components
};

/// Expected sum of squared errors over the fitted observations after a sweep over all modes.
double sweep(const Tensor& tensor, const RowLists& lists, const SweepOptions& options, State& state);

/// E[x] at observation k.
double value_at(const Tensor& tensor, const State& state, Index k);

/// One more component, along the direction that alternating ridge regressions of the residual lead to; its precision is
/// that of its weights.
void add_component(const Tensor& tensor, const RowLists& lists, std::uint64_t seed, bool bayes, State& state);

/// Makes E[w w^T] that of certain weights, or leaves it out.
void reset_second(bool bayes, State& state);

}  // namespace rankflow::list_cp
