// Messages of the three kinds of failure.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/error.h"

#include <fmt/format.h>

namespace rankflow {
namespace {

std::string with_hint(std::string message, const std::string& hint) {
  if (!hint.empty()) message += "\n  hint: " + hint;
  return message;
}

}  // namespace

InputError::InputError(const std::string& where, const std::string& problem, const std::string& hint)
    : std::runtime_error(with_hint(where + ": " + problem, hint)) {}

OptionError::OptionError(const std::string& problem, const std::string& hint)
    : std::invalid_argument(with_hint(problem, hint)) {}

void assertion_failed(const char* file, int line, const char* condition, const std::string& detail) {
  throw InternalError(fmt::format("{}:{}: {} does not hold: {}", file, line, condition, detail));
}

}  // namespace rankflow
