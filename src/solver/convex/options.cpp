// The options of nuclear norm minimization, described once.
// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "rankflow/nuclear_norm.h"

namespace rankflow {
namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();
}  // namespace

std::vector<OptionField> fields(NuclearNormOptions& o) {
  return {
      field("tolerance", o.tolerance, Range{0, kInfinity, false, true},
            "largest deviation from a measurement that is allowed; 0 = none"),
      field("relative_gap", o.relative_gap, Range{1e-12, 1},
            "stop once (norm - dual bound) / norm is at or below it; both are certified"),
      field("max_iterations", o.max_iterations, Range{1, 1e15}, "upper limit on iterations"),
      field("max_seconds", o.max_seconds, Range{0, kInfinity, false, true}, "wall-clock limit in seconds; 0 = none"),
      field("record_every", o.record_every, Range{0, 1e15},
            "watchers are called every so many iterations; 0 = at the start and the end only"),
  };
}

void check(const NuclearNormOptions& options) {
  NuclearNormOptions copy = options;
  for (const OptionField& option : fields(copy)) option.set(option.get());
}

}  // namespace rankflow
