// Every option of completing an array, for its record.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/complete_array.h"

namespace rankflow {

std::vector<OptionField> record_fields(ArrayOptions& options) {
  const double infinity = std::numeric_limits<double>::infinity();
  return {
      choice("model", options.model,
             {{"auto", ArrayModel::automatic}, {"cp", ArrayModel::cp}, {"overlap", ArrayModel::overlap}},
             "a sum of outer products, all unfoldings at once, or what predicts the validation part best"),
      field("held_out", options.held_out, {0, 0.9}, "share of the observations that judges the result"),
      field("validation", options.validation, {0, 0.9, true}, "share of the rest that chooses"),
      field("refit", options.refit, "the array that is written comes from a fit on all observations"),
      field("time_limit", options.time_limit, {0, infinity}, "seconds for everything; 0 = none"),
      field("seed", options.seed, "of the split and of all starts"),
  };
}

}  // namespace rankflow
