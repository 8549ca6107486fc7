// Which options have an effect on what a file holds? Those that were named and have none are refused.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

#include "rankflow/complete.h"
#include "rankflow/complete_array.h"

namespace rankflow::cli {

/// What `rankflow complete` is about to do with an array.
struct ArrayScope {
  ArrayModel model = ArrayModel::automatic;
  ArrayEngine engine = ArrayEngine::grow;
  TensorPenalty loss = TensorPenalty::squared;
  Motion motion = Motion::fast;  // of model matrix
  bool facts = false;            // --absent zero under the logistic loss
  bool test = false, valid = false;
};

/// The same with a table.
struct TableScope {
  Engine engine = Engine::automatic;
  Motion motion = Motion::fast;
};

/// Throws OptionError for the first option on the command line that an array of order 3 or more has no use for.
void refuse_unused(const CLI::App& verb, const ArrayScope& scope);
/// The same for tables, of `complete`.
void refuse_unused(const CLI::App& verb, const TableScope& scope);
/// Throws OptionError for the first option that only arrays have; of `complete`, `check` and `convert`.
void refuse_array_options(const CLI::App& verb);

}  // namespace rankflow::cli
