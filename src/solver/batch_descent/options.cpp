// Options of descent in mini-batches.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/batch_descent.h"
#include "solver/descent/optimizer_field.h"

namespace rankflow {

std::vector<OptionField> fields(BatchOptions& o) {
  const double inf = std::numeric_limits<double>::infinity();
  return {
      optimizer_field(o.optimizer, "how gradients become updates"),
      field("step_size", o.step_size, Range{0, inf, true, true}, "step size"),
      field("momentum", o.momentum, Range{0, 1, false, true}, "momentum, and adam's average of gradients"),
      field("beta", o.beta, Range{0, 1, false, true}, "group_rmsprop's and adam's average of squares"),
      field("epsilon", o.epsilon, Range{0, inf, false, true}, "added to group_rmsprop's and adam's root"),
      field("batch", o.batch, Range{1, 1e9}, "observations an update sees"),
      field("shuffled", o.shuffled, "batches are drawn anew in each epoch; no = in the order of the observations"),
      field("epochs", o.epochs, Range{0, 1e9}, "passes over the observations"),
      field("loss_tolerance", o.loss_tolerance, Range{0, inf},
            "stop after an epoch whose mean loss, of each batch before its update, is at or below this"),
      field("max_seconds", o.max_seconds, Range{0, inf}, "time limit, 0 = none"),
      field("record_every", o.record_every, Range{0, 1e9}, "epochs between records; 0 = only the start and the end"),
      field("seed", o.seed, "seed of the batches"),
  };
}

void check(const BatchOptions& options) {
  BatchOptions copy = options;
  for (OptionField& option : fields(copy)) option.set(option.get());
}

}  // namespace rankflow
