// The options of completing arrays, described once.
// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "rankflow/complete_array.h"

namespace rankflow {

std::vector<OptionField> fields(ArrayOptions& options) {
  const double infinity = std::numeric_limits<double>::infinity();
  return {
      choice("model", options.model,
             {{"auto", ArrayModel::automatic},
              {"cp", ArrayModel::cp},
              {"tree", ArrayModel::tree},
              {"overlap", ArrayModel::overlap},
              {"matrix", ArrayModel::matrix}},
             "a sum of outer products, a hierarchical factorization, all unfoldings at once, the best of them, or "
             "what predicts the validation part best"),
      choice("engine", options.engine, {{"grow", ArrayEngine::grow}, {"gd", ArrayEngine::gd}},
             "components enter one by one, or gradient descent on all weights as the papers run it (cp and tree)"),
      field("tree", options.tree, "such as ((0,1),(2,3))",
            "arrays, --model tree: which modes belong together, numbered from 0; without it chosen from the data"),
      choice("loss", options.loss,
             {{"squared", TensorPenalty::squared},
              {"huber", TensorPenalty::huber},
              {"logistic", TensorPenalty::logistic},
              {"poisson", TensorPenalty::poisson}},
             "arrays: what an error costs; huber for outliers, logistic for 0 and 1, poisson for counts"),
      field("delta", options.delta, Range{0, infinity, true, true},
            "huber: up to which size an error counts squared, in the values' unit"),
      field("ranked_modes", options.ranked_modes, "numbers from 1, e.g. 1,3",
            "facts: modes whose indices compete for a fact's place; without it those that share their ids, or all"),
      field("held_out", options.held_out, {0, 0.9}, "share of the observations that judges the result"),
      field("validation", options.validation, {0, 0.9, true}, "share of the rest that chooses"),
      field("refit", options.refit, "the array that is written comes from a fit on all observations"),
      field("time_limit", options.time_limit, {0, infinity}, "seconds for everything; 0 = none"),
      field("seed", options.seed, "of the split and of all starts"),
  };
}

}  // namespace rankflow
