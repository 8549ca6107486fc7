// Noisy lists of cells: effects and components, with and without each other.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "completion/array/fits.h"

namespace rankflow::completion {

/// Effects with as many components as the validation part asks for, and components alone where the list is short enough
/// to look at both.
std::vector<ArrayFit> validated_list(ArrayRun& run);
/// Fits the chosen one to what trains and what has chosen (not where that was given in a file of its own).
void finish_list(ArrayRun& run, ArrayFit& fit);
/// The same on all observations.
ArrayFit list_again(ArrayRun& run, const ArrayFit& chosen);

}  // namespace rankflow::completion
