// Three kinds of failure: the caller's input (InputError, OptionError), the numbers (a Stop in the result), our own
// bug (RANKFLOW_ASSERT).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace rankflow {

/// Bad input data. Exit status 3 of the program.
/// what() is the whole message: "ratings.csv:12: found 'abc', expected a number" and, indented below it, a hint.
class InputError : public std::runtime_error {
 public:
  /// @param where  file, or file:line, or an array's name
  /// @param problem  what was found and what was expected, in one sentence
  /// @param hint  what to do about it; empty if nothing can be said
  InputError(const std::string& where, const std::string& problem, const std::string& hint = "");
};

/// A wrong option or combination of options. Exit status 2 of the program.
class OptionError : public std::invalid_argument {
 public:
  explicit OptionError(const std::string& problem, const std::string& hint = "");
};

/// Our own bug. Exit status 70 of the program.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void assertion_failed(const char* file, int line, const char* condition, const std::string& detail);

}  // namespace rankflow

/// Active in every build; for cold paths. `detail` is evaluated only on failure.
#define RANKFLOW_ASSERT(condition, detail) \
  ((condition) ? (void)0 : ::rankflow::assertion_failed(__FILE__, __LINE__, #condition, (detail)))
