// How does a file appear whole or not at all?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace rankflow::report {

/// Writes path + ".part", fsyncs, renames. Throws InputError naming the path and the system's reason; the partial file
/// is then removed and an older file of that name is as it was.
void write_file_atomically(const std::string& path, std::string_view content);

}  // namespace rankflow::report
