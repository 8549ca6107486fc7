// The verbs of the program: each file of this folder adds one to the command line.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

namespace rankflow::cli {

/// A verb sets this when it ran but did not reach what was asked (1); 0 otherwise. Exceptions set the rest.
struct Outcome {
  int status = 0;
};

void add_check(CLI::App& program, Outcome& outcome);
void add_convert(CLI::App& program, Outcome& outcome);

}  // namespace rankflow::cli
