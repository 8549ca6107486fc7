// How do the fields of the option tables get onto the command line?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <vector>

#include "rankflow/options.h"

namespace rankflow::cli {

/// Adds every field as --dashed-name VALUE (a yes/no field as --name and --no-name) with its domain and default in the
/// help. A wrong value ends the parsing with a CLI::ValidationError, so with exit status 2. The objects the fields
/// refer to must live as long as the app. (By value and char pointer, so that no call prefers std::bind.)
void bind(CLI::App& app, std::vector<OptionField> fields, const char* group = "Options");

/// A check for options that are in no table: a number in this range. CLI11's own checks let NaN pass.
CLI::Validator in_range(Range range);

}  // namespace rankflow::cli
