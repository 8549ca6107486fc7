// What a verb says when Ctrl-C ended it: how to go on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace rankflow::cli {

/// The command with --resume in place of another one.
std::string resume_line(std::vector<std::string> command, const std::string& checkpoint);

/// On standard error; with `json` also as one object on standard output.
void say_interrupted(const std::string& resume_line, bool json);

}  // namespace rankflow::cli
