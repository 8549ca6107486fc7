// What a fit of an array says about itself: rank, components, ranks of unfoldings.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "completion/array/fits.h"

namespace rankflow::completion {

/// Fills in everything of `result` that belongs to the model that was taken.
void describe(const ArrayFit& fit, ArrayCompletion& result);

}  // namespace rankflow::completion
