// What the README shows is what is compiled.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/files.h"

namespace rankflow {
namespace {

using testing::HasSubstr;

TEST(Readme, ShowsACorePieceOfTheExampleThatIsBuilt) {
  const std::string readme = test::read_bytes(RANKFLOW_SOURCE_FOLDER "/README.md");
  const std::string fence = "```cpp\n";
  const std::size_t begin = readme.find(fence);
  ASSERT_NE(begin, std::string::npos);
  const std::string rest = readme.substr(begin + fence.size());
  const std::string shown = rest.substr(0, rest.find("```"));
  EXPECT_GE(std::count(shown.begin(), shown.end(), '\n'), 5);
  EXPECT_LE(std::count(shown.begin(), shown.end(), '\n'), 12);
  EXPECT_THAT(test::read_bytes(RANKFLOW_SOURCE_FOLDER "/examples/complete.cpp"), HasSubstr(shown));
}

}  // namespace
}  // namespace rankflow
