// The options of the overlap engine, described once.
// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "rankflow/error.h"
#include "rankflow/overlap.h"

namespace rankflow {
namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Range kShare{0, 1, true, true};
constexpr Range kPositive{0, kInfinity, true, true};
}  // namespace

std::vector<OptionField> fields(OverlapOptions& o) {
  return {
      field("power", o.power, Range{0, 1},
            "p of the penalty, a sum of singular values to the power p over all unfoldings; 2 / p is the depth of the "
            "factorization that it imitates; 0 = log determinant, 1 = nuclear norms"),
      field("eps_start", o.eps_start, kPositive,
            "where the path begins, in units of the values' root mean square: directions smaller than eps are held "
            "back"),
      field("eps_end", o.eps_end, kPositive, "where the path ends at the latest, in the same units"),
      field("search_ratio", o.search_ratio, kShare, "eps from one point to the next while weights are searched"),
      field("final_ratio", o.final_ratio, kShare, "the same for the fit that is kept"),
      field("patience", o.patience, kShare,
            "a path ends once eps is below this share of where the validation error was smallest, unless the error is "
            "falling again"),
      field("iterations", o.iterations, Range{1, 10'000}, "most steps of conjugate gradients at one eps"),
      field("rounds", o.rounds, Range{0, 1000}, "rounds of the search over single weights and the strength"),
      field("gain", o.gain, Range{0, 1, false, true},
            "relative gain of the validation error from which on a change of weights is accepted"),
      field("full_below", o.full_below, Range{1, 100'000}, "modes up to this size get all their eigenvectors"),
      field("leading", o.leading, Range{1, 100'000}, "larger modes get so many leading ones"),
      field("group_limit", o.group_limit, Range{0, 20'000},
            "with four modes or more, pairs of modes with at most so many indices together are unfolded too; 0 = none"),
      field("max_seconds", o.max_seconds, Range{0, kInfinity, false, true},
            "wall-clock limit in seconds; 0 = none. The search ends early enough to fit with what it found"),
      field("seed", o.seed, "seed of the first subspaces of large modes"),
  };
}

void check(const OverlapOptions& options) {
  OverlapOptions copy = options;
  for (const OptionField& option : fields(copy)) option.set(option.get());
  if (!(options.eps_end < options.eps_start))
    throw OptionError("eps_end = " + std::to_string(options.eps_end) +
                      " has to be below eps_start = " + std::to_string(options.eps_start));
}

}  // namespace rankflow
