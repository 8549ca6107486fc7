// Which kinds of predictors can be read back from a file: one line per kind.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "rankflow/archive.h"
#include "rankflow/complete_array.h"

namespace rankflow::completion {

/// What ArrayPredictor::save() has written, of an array of this shape. Throws InputError for anything but that.
std::shared_ptr<const ArrayPredictor> read_predictor(const Archive& from, const std::vector<Index>& shape);

}  // namespace rankflow::completion
