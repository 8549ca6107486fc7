// Reading a trajectory from any stream, for files and for tests.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <istream>
#include <string>

#include "rankflow/trajectory.h"

namespace rankflow {

/// Throws InputError with `name` and the line.
Trajectory parse_trajectory(std::istream& text, const std::string& name);

}  // namespace rankflow
