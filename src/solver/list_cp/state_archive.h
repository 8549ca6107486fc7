// The state of a fit of a list as named arrays.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "rankflow/archive.h"
#include "solver/list_cp/posterior_rows.h"

namespace rankflow::list_cp {

void store(Archive& archive, const std::string& prefix, const State& state);
/// `like` has the modes' sizes. Throws InputError for a state of another shape.
State load(const Archive& archive, const std::string& prefix, const State& like);

}  // namespace rankflow::list_cp
