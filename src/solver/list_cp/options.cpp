// The options of fits to noisy lists, described once.
// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "rankflow/list_cp.h"

namespace rankflow {

std::vector<OptionField> fields(ListCpOptions& o) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr Range kCount{1, 1e9};
  return {
      field("max_components", o.max_components, Range{0, 10'000}, "growth ends here; 0 = effects alone"),
      field("effects", o.effects, "an offset and an effect for every index of every mode, beside the components"),
      field("sweeps", o.sweeps, kCount, "sweeps that a component gets before it is judged"),
      field("patience", o.patience, kCount, "components in a row without a gain that end the growth"),
      field("gain", o.gain, Range{0, 1, false, true},
            "relative gain of the validation error from which on a component stays"),
      field("final_sweeps", o.final_sweeps, kCount, "sweeps at the end, at most"),
      field("bayes_below", o.bayes_below, Range{0, 1e15},
            "up to so many observations the uncertainty of rows counts; beyond, rows are point estimates"),
      field("max_seconds", o.max_seconds, Range{0, kInfinity, false, true}, "wall-clock limit in seconds; 0 = none"),
      field("seed", o.seed, "seed of the directions that components are looked for from"),
  };
}

}  // namespace rankflow
