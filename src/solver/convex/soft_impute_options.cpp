// The options of soft-impute, described once.
// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "rankflow/soft_impute.h"

namespace rankflow {
namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Range kNotNegative{0, kInfinity, false, true};
}  // namespace

std::vector<OptionField> fields(SoftImputeOptions& o) {
  return {
      field("penalty", o.penalty, kNotNegative,
            "lambda of 1/2 sum of squares + lambda ||W||_*; the path ends there. 0 = the validation part chooses"),
      field("path_length", o.path_length, Range{2, 10'000}, "number of penalties on the path"),
      field("path_ratio", o.path_ratio, Range{0, 1, true, true},
            "smallest penalty relative to the largest, above which the solution is zero"),
      field("path_patience", o.path_patience, Range{0, 10'000},
            "the path ends after so many penalties without a better validation error; 0 = never"),
      field("relative_gap", o.relative_gap, Range{1e-10, 1},
            "a penalty is done once (objective - dual bound) / objective is at or below it"),
      choice("centering", o.centering,
             {{"none", Centering::none}, {"mean", Centering::mean}, {"biases", Centering::biases}},
             "what is explained before the product: nothing, the mean, or the mean with row and column biases"),
      field("max_rank", o.max_rank, Range{0, 1e9}, "upper limit on the rank; 0 = none. With one, gaps may stay open"),
      field("max_iterations", o.max_iterations, Range{1, 1e15}, "upper limit on rounds at one penalty"),
      field("max_seconds", o.max_seconds, kNotNegative, "wall-clock limit in seconds; 0 = none"),
      field("seed", o.seed, "seed of the random directions that the search for singular vectors begins with"),
  };
}

void check(const SoftImputeOptions& options) {
  SoftImputeOptions copy = options;
  for (const OptionField& option : fields(copy)) option.set(option.get());
}

}  // namespace rankflow
