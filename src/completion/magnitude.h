// Sizes of numbers that the engines can compute with.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace rankflow::completion {

/// Fourth powers of the numbers (of errors, where their spread is estimated) and of their reciprocals have to be
/// numbers, and the numbers themselves have to be floats. Throws InputError for a largest size outside 1e-30 .. 1e30; 0
/// is fine.
void check_magnitude(double largest, const std::string& source, const std::string& what);

}  // namespace rankflow::completion
