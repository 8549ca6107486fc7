// The names along one axis as named arrays, for kept models.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "rankflow/archive.h"
#include "rankflow/table.h"

namespace rankflow::completion {

/// Arrays NAME_size, NAME_title and NAME_base, NAME_ids, or NAME_names with NAME_name_ends.
void set_axis(Archive& archive, const std::string& name, const Axis& axis);
/// Throws InputError unless there are `size` names.
Axis get_axis(const Archive& archive, const std::string& name, Index size);

}  // namespace rankflow::completion
