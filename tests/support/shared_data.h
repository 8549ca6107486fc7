// Data that is not shipped with the project: found through RANKFLOW_DATA, or the test says that it skipped.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace rankflow::test {

/// Path of a file below $RANKFLOW_DATA; empty if it is not there.
inline std::string shared_data(const std::string& relative) {
  const char* root = std::getenv("RANKFLOW_DATA");
  if (root == nullptr) return "";
  const std::filesystem::path path = std::filesystem::path(root) / relative;
  return std::filesystem::exists(path) ? path.string() : "";
}

}  // namespace rankflow::test

/// Declares `variable` as the path of the file, or skips the test and says why.
#define RANKFLOW_REQUIRE_SHARED(variable, relative)                     \
  const std::string variable = ::rankflow::test::shared_data(relative); \
  if (variable.empty()) GTEST_SKIP() << relative << " is not below $RANKFLOW_DATA; this test needs it"
