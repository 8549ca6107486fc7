// The options of completing arrays that tables do not have, described once.
// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "rankflow/complete_array.h"

namespace rankflow {

std::vector<OptionField> fields(ArrayOptions& o) {
  return {
      choice("loss", o.loss,
             {{"squared", TensorPenalty::squared},
              {"huber", TensorPenalty::huber},
              {"logistic", TensorPenalty::logistic},
              {"poisson", TensorPenalty::poisson}},
             "arrays: what an error costs; huber for outliers, logistic for 0 and 1, poisson for counts"),
      field("delta", o.delta, Range{0, std::numeric_limits<double>::infinity(), true, true},
            "huber: up to which size an error counts squared, in the values' unit"),
      field("ranked_modes", o.ranked_modes, "numbers from 1, e.g. 1,3",
            "facts: modes whose indices compete for a fact's place; without it those that share their ids, or all"),
  };
}

}  // namespace rankflow
