// The options of generalized CP fits, described once.
// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "rankflow/generalized_cp.h"

namespace rankflow {
namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Range kNotNegative{0, kInfinity, false, true};
constexpr Range kPositive{0, kInfinity, true, true};
}  // namespace

std::vector<OptionField> fields(GeneralizedCpOptions& o) {
  return {
      field("components", o.components, Range{0, 10'000},
            "components to start with; decay leaves those that the data ask for. 0 = effects alone"),
      field("decay", o.decay, kNotNegative,
            "penalty on half the sum of squared weights, where the loss is a mean over what is seen and not zero"),
      field("effects", o.effects, "an effect for every index of every mode, beside the components"),
      field("step_size", o.step_size, kPositive,
            "of Adam; values are scaled to a spread of 1 where the loss allows it"),
      field("deviation", o.deviation, kPositive, "standard deviation of the weights at the start"),
      field("max_iterations", o.max_iterations, Range{1, 10'000'000}, "passes over everything that is seen"),
      field("check_every", o.check_every, Range{1, 10'000'000}, "passes between two looks at the validation part"),
      field("patience", o.patience, Range{1, 10'000'000}, "looks without a better one that end the fit"),
      field("max_seconds", o.max_seconds, kNotNegative, "wall-clock limit in seconds; 0 = none"),
      field("seed", o.seed, "seed of the random start"),
  };
}

}  // namespace rankflow
