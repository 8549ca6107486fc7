// Options and words of the growing engines.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/grow.h"

namespace rankflow {

const char* name(GrowVerdict verdict) {
  switch (verdict) {
    case GrowVerdict::solved:
      return "solved";
    case GrowVerdict::predicts:
      return "predicts";
    case GrowVerdict::not_determined:
      break;
  }
  return "not_determined";
}

std::vector<OptionField> fields(GrowOptions& o) {
  const double inf = std::numeric_limits<double>::infinity();
  return {
      choice(
          "strategy", o.strategy,
          {{"automatic", GrowStrategy::automatic}, {"exact", GrowStrategy::exact}, {"noisy", GrowStrategy::noisy}},
          "exact: attempts to match the observations to round-off; noisy: components and ridge penalties chosen by a "
          "validation part; automatic: exact, and unless that solves the problem also noisy"),
      field("tolerance", o.tolerance, Range{0, 1, true, true},
            "observations count as matched below this residual, relative to their norm"),
      field("attempts", o.attempts, Range{1, 1e6}, "most attempts of the exact strategy"),
      field("max_components", o.max_components, Range{0, 1e9},
            "most components (of a tree: of any node); 0 = as many as the observations may determine"),
      field("max_iterations", o.max_iterations, Range{1, 1e15}, "most steps of Levenberg and Marquardt"),
      field("max_seconds", o.max_seconds, Range{0, inf}, "time limit, 0 = none"),
      field("seed", o.seed, "seed of the random starts and of the engine's own validation part"),
  };
}

void check(const GrowOptions& options) {
  GrowOptions copy = options;
  for (OptionField& option : fields(copy)) option.set(option.get());
}

}  // namespace rankflow
