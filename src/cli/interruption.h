// Where a verb keeps a run that Ctrl-C may end, and what it says then: how to go on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "rankflow/complete.h"

namespace rankflow::cli {

/// --checkpoint, --checkpoint-every and --resume.
struct CheckpointSettings {
  std::string path, resume;
  double every_seconds = 30;

  bool asked() const { return !path.empty() || !resume.empty(); }
};
void bind(CLI::App& verb, CheckpointSettings& settings);

/// Without a file of its own, a run is kept beside what it was to write, and only once it is interrupted. InputError if
/// a file that was asked for cannot be written; where nobody asked, such a run is not kept (an empty path), and a note
/// on standard error says so unless `quiet`.
CheckpointOptions checkpoint_options(const CheckpointSettings& settings, const std::string& output,
                                     const std::string& report_folder, bool quiet);

/// On standard error; with `json` also as one object on standard output. The line that goes on is the command with
/// --resume in place of another one; without a checkpoint there is none.
void say_interrupted(const std::vector<std::string>& command, const CheckpointOptions& checkpoint, bool json);

}  // namespace rankflow::cli
