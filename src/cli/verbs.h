// The verbs of the program: each file of this folder adds one to the command line.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace rankflow::cli {

/// A verb sets this when it ran but did not reach what was asked (1); 0 otherwise. Exceptions set the rest.
struct Outcome {
  int status = 0;
  std::vector<std::string> command;  // the words of the command line, for messages that repeat it
};

void add_complete(CLI::App& program, Outcome& outcome);
void add_predict(CLI::App& program, Outcome& outcome);
void add_sense(CLI::App& program, Outcome& outcome);
void add_check(CLI::App& program, Outcome& outcome);
void add_convert(CLI::App& program, Outcome& outcome);
void add_reproduce(CLI::App& program, Outcome& outcome);
void add_run(CLI::App& program, Outcome& outcome);
void add_sweep(CLI::App& program, Outcome& outcome);
void add_doctor(CLI::App& program, Outcome& outcome);
/// Hidden: prints docs/options.md. Comes last, because it describes the verbs before it.
void add_options(CLI::App& program, Outcome& outcome);

/// Words as a shell would have to read them.
std::string shell_line(const std::vector<std::string>& words);

}  // namespace rankflow::cli
