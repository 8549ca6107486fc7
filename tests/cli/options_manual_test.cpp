// The manual's pages of options and instruments are what the program prints.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/files.h"

namespace rankflow {
namespace {

using test::ProgramRun;
using test::run_shell;
using testing::HasSubstr;
using testing::Not;

TEST(OptionsPage, IsWhatTheProgramPrints) {
  const ProgramRun run = run_shell("\"$RANKFLOW\" options --markdown");
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("`--held-out`"));
  EXPECT_EQ(run.out, test::read_bytes(RANKFLOW_SOURCE_FOLDER "/docs/options.md"))
      << "run: build/release/rankflow options --markdown > docs/options.md";
}

TEST(InstrumentsPage, IsWhatTheProgramPrints) {
  const ProgramRun run = run_shell("\"$RANKFLOW\" options --markdown --instruments");
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("`schatten:p`"));
  EXPECT_EQ(run.out, test::read_bytes(RANKFLOW_SOURCE_FOLDER "/docs/instruments.md"))
      << "run: build/release/rankflow options --markdown --instruments > docs/instruments.md";
}

TEST(OptionsPage, IsNotAmongTheVerbsThatHelpLists) {
  const ProgramRun run = run_shell("\"$RANKFLOW\" --help");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.out, HasSubstr("complete"));
  EXPECT_THAT(run.out, Not(HasSubstr("options  ")));
}

}  // namespace
}  // namespace rankflow
