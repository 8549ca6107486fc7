// Which models are fitted to an array, in which order, and what ends the competition early.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "completion/array/fits.h"

namespace rankflow::completion {

/// Throws OptionError for combinations of model, engine, tree and loss that there are not. `dense`: every cell is in
/// memory.
void check_combination(const ArrayOptions& options, bool dense);

/// The model that the options name, or those that compete; the first one that matches the cells to round-off ends it.
std::vector<ArrayFit> fit_models(ArrayRun& run);

}  // namespace rankflow::completion
