// Expressions over what a run recorded: "last(reconstruction_error)", "at(abs(w_0_0), loss <= 1e-3)".
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "rankflow/trajectory.h"

namespace rankflow::experiment {

/// What an expression may speak of. Columns are series (one number a record), numbers are single.
struct RunView {
  const Trajectory* trajectory = nullptr;
  std::map<std::string, double> numbers;
};

/// One number. Series have to go through a function that makes a number of them. Throws OptionError: the expression,
/// what is wrong with it, and the closest name.
double evaluate(const std::string& expression, const RunView& run);
/// One number a record; single numbers stay the same at every record.
std::vector<double> evaluate_records(const std::string& expression, const RunView& run);

/// Functions that make a number of a series, with what they mean: for the manual.
std::vector<std::pair<std::string, std::string>> reducer_names();

/// Every name in the expression that is not a function.
std::set<std::string> names_in(const std::string& expression);
/// A column's name as expressions write it: other characters than letters and digits become "_".
std::string identifier(const std::string& column);

}  // namespace rankflow::experiment
