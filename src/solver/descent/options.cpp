// Options of gradient descent.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "rankflow/descent.h"
#include "rankflow/error.h"
#include "solver/descent/optimizer_field.h"

namespace rankflow {

std::vector<OptionField> fields(DescentOptions& o) {
  const double inf = std::numeric_limits<double>::infinity();
  return {
      optimizer_field(
          o.optimizer,
          "how gradients become updates; group_rmsprop is one scalar step for all factors (Arora et al. 2019)"),
      field("step_size", o.step_size, Range{0, inf, true, true},
            "step size; near a solution plain descent at depth N is stable below 2 / (N s^(2 - 2/N)) for a half_sum "
            "loss on full observation, s the largest singular value"),
      field("adaptive", o.adaptive,
            "plain only: the step halves where the loss would rise and grows by 5 % where it falls; step_size is the "
            "first one"),
      field("momentum", o.momentum, Range{0, 1, false, true}, "momentum, and adam's average of gradients"),
      field("beta", o.beta, Range{0, 1, false, true}, "group_rmsprop's and adam's average of squares"),
      field("epsilon", o.epsilon, Range{0, inf, false, true},
            "added to group_rmsprop's and adam's root; caps group_rmsprop's step at step_size / epsilon"),
      field("loss_tolerance", o.loss_tolerance, Range{0, inf}, "stop once the loss is at or below this"),
      field("patience", o.patience, Range{1, 1e15}, "... at this many tests in a row"),
      field("test_every", o.test_every, Range{1, 1e15}, "iterations between tests"),
      field("max_iterations", o.max_iterations, Range{0, 1e15}, "most updates"),
      field("max_seconds", o.max_seconds, Range{0, inf}, "time limit, 0 = none"),
      field("record_every", o.record_every, Range{0, 1e15},
            "iterations between records; 0 = only the start and the end"),
  };
}

void check(const DescentOptions& options) {
  DescentOptions copy = options;
  for (OptionField& option : fields(copy)) option.set(option.get());
  if (options.adaptive && options.optimizer != Optimizer::plain)
    throw OptionError("adaptive: only plain descent can change its step", "pass optimizer = plain");
}

}  // namespace rankflow
