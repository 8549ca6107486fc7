// The verbs check and convert as a user runs them.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "support/tables.h"

namespace rankflow {
namespace {

using test::Folder;
using test::ProgramRun;
using test::run_shell;
using testing::HasSubstr;

TEST(Check, FindsACleanFileCleanAndDescribesIt) {
  const ProgramRun run = run_shell("printf 'user,item,rating\\na,x,1\\nb,x,2.5\\n' | \"$RANKFLOW\" check - --json");
  EXPECT_EQ(run.status, 0) << run.err;
  const auto object = nlohmann::json::parse(run.out);
  EXPECT_EQ(object["rows"]["count"], 2);
  EXPECT_EQ(object["columns"]["title"], "item");
  EXPECT_EQ(object["observed"], 2);
  EXPECT_EQ(object["values"]["max"], 2.5);
  EXPECT_EQ(object["values"]["step"], 0.5);
  EXPECT_TRUE(object["readable"]);
}

TEST(Check, ListsAllProblemsWithTheirLinesAndExitsWithThree) {
  const ProgramRun run = run_shell("printf 'user,item,rating\\na,x,bad\\nb,x\\nb,x,1\\n' | \"$RANKFLOW\" check -");
  EXPECT_EQ(run.status, 3);
  EXPECT_THAT(run.out, HasSubstr("standard input:2: found 'bad', expected a number"));
  EXPECT_THAT(run.out, HasSubstr("standard input:3: found 2 fields, expected 3"));
}

TEST(Check, WritesARepairedCopyThatIsClean) {
  const Folder folder;
  test::write_bytes(folder / "a.csv", "user,item,rating\na,x,1\na,x,2\nb,x,oops\nb,x,4\n");
  const ProgramRun fix = run_shell("\"$RANKFLOW\" check --fix " + (folder / "a.csv") + " -o " + (folder / "b.csv"));
  EXPECT_EQ(fix.status, 0) << fix.err;
  EXPECT_THAT(fix.out, HasSubstr("averaged"));
  EXPECT_EQ(test::read_bytes(folder / "b.csv"), "user,item,rating\na,x,1.5\nb,x,4\n");
  EXPECT_EQ(run_shell("\"$RANKFLOW\" check " + (folder / "b.csv")).status, 0);
  EXPECT_EQ(test::read_bytes(folder / "a.csv").size(), 44u);  // the file itself is never touched
}

TEST(Check, SaysWhatCannotBeReadAtAllAlsoAsJson) {
  const ProgramRun text = run_shell("\"$RANKFLOW\" check /nowhere.csv");
  EXPECT_EQ(text.status, 3);
  EXPECT_THAT(text.err, HasSubstr("error: /nowhere.csv: cannot read: No such file"));
  const ProgramRun json = run_shell("\"$RANKFLOW\" check /nowhere.csv --json");
  EXPECT_EQ(json.status, 3);
  EXPECT_FALSE(nlohmann::json::parse(json.out)["readable"]);
}

TEST(Check, SuspectsAValueFarFromAllOthersToBeAHole) {
  std::string text = "a,b\n";
  for (int i = 0; i < 60; ++i) text += fmt::format("{}.5,{}\n", i % 17, i % 6 == 0 ? -200 : i % 13);
  const Folder folder;
  test::write_bytes(folder / "a.csv", text);
  EXPECT_THAT(run_shell("\"$RANKFLOW\" check " + (folder / "a.csv")).out, HasSubstr("--missing -200"));
  EXPECT_THAT(run_shell("\"$RANKFLOW\" check --missing=-200 " + (folder / "a.csv")).out, HasSubstr("110 observed"));
}

TEST(Options, ThatAreWrongExitWithTwoAndNameTheChoices) {
  for (const char* command : {"check - --format cube", "check - --no-such-option", "check - --fix", "convert a.csv",
                              "convert - -"
                              " --json"}) {
    const ProgramRun run = run_shell(std::string("printf '1,2\\n' | \"$RANKFLOW\" ") + command);
    EXPECT_EQ(run.status, 2) << command << run.err;
  }
  EXPECT_THAT(run_shell("\"$RANKFLOW\" check - --format cube < /dev/null").err, HasSubstr("auto | triplets | dense"));
}

TEST(Convert, GoesThroughEveryFormatAndBack) {
  const Folder folder;
  const std::string original = "userId,movieId,rating\n7,31,2.5\n7,10,3\n2,31,4\n";
  test::write_bytes(folder / "a.csv", original);
  const auto path = [&](const char* name) { return folder / name; };
  const ProgramRun run =
      run_shell("\"$RANKFLOW\" convert " + path("a.csv") + " " + path("b.npz") + " && \"$RANKFLOW\" convert " +
                path("b.npz") + " " + path("c.tsv.gz") + " && \"$RANKFLOW\" convert - - < " + path("c.tsv.gz"));
  EXPECT_EQ(run.status, 0) << run.err;
  // By rows, and within a row by columns in the order of their first appearance: here the order of the original.
  EXPECT_EQ(run.out, original);
}

TEST(Convert, MakesADenseTableOfTripletsAndTheOtherWayRound) {
  const ProgramRun dense =
      run_shell("printf 'user,item,rating\\na,x,1\\nb,y,2\\n' | \"$RANKFLOW\" convert - - --shape dense");
  EXPECT_EQ(dense.out, "user,x,y\na,1,\nb,,2\n");
  const ProgramRun triplets =
      run_shell("printf 'n,x,y\\na,1.5,\\nb,,2\\n' | \"$RANKFLOW\" convert - - --shape triplets");
  EXPECT_EQ(triplets.out, "n,column,value\na,x,1.5\nb,y,2\n");
}

TEST(Convert, RoundsValuesToTheDigitsAskedForInEveryFormat) {
  const Folder folder;
  test::write_bytes(folder / "a.csv", "user,item,rating\na,x,3.14159\na,y,-0.00123456\nb,x,98765\nb,y,1.7976931e308\n");
  const ProgramRun run =
      run_shell("cd " + folder.path() +
                " && \"$RANKFLOW\" convert a.csv b.npz --digits 2 && "
                "\"$RANKFLOW\" convert b.npz - && \"$RANKFLOW\" convert a.csv - --digits 2 --shape dense");
  EXPECT_EQ(run.status, 0) << run.err;
  // What would become infinite stays as it was.
  EXPECT_EQ(run.out,
            "user,item,rating\na,x,3.1\na,y,-0.0012\nb,x,99000\nb,y,1.7976931e+308\n"
            "user,x,y\na,3.1,-0.0012\nb,99000,1.7976931e+308\n");
  EXPECT_EQ(run_shell("\"$RANKFLOW\" convert a.csv b.csv --digits nan").status, 2);
}

TEST(Convert, LeavesNothingHalfWrittenBehindWhenItIsEnded) {
  const Folder folder;
  std::string diagonal = "row,column,value\n";
  for (int i = 0; i < 30'000; ++i) diagonal += fmt::format("{},{},1\n", i, i);
  test::write_bytes(folder / "a.csv", diagonal);
  // 900 million cells: long enough to be met while the file is being written.
  const ProgramRun run = run_shell("cd " + folder.path() +
                                   "; $RANKFLOW convert a.csv out.csv.gz --shape dense & p=$!; "
                                   "for k in $(seq 600); do ls | grep -q part && break; sleep 0.02; done; "
                                   "ls | grep part; kill -TERM $p; wait $p");
  EXPECT_EQ(run.status, 128 + SIGTERM) << run.err;
  EXPECT_THAT(run.out, testing::MatchesRegex("out.csv.gz.[0-9]+-[0-9a-f]+.part\n"));
  EXPECT_THAT(folder.files(), testing::ElementsAre("a.csv"));
}

TEST(Convert, ToAFullDeviceExitsWithThree) {
  const ProgramRun run = run_shell("printf '1.5,2\\n' | \"$RANKFLOW\" convert - /dev/full");
  EXPECT_EQ(run.status, 3);
  EXPECT_THAT(run.err, HasSubstr("No space left on device"));
}

}  // namespace
}  // namespace rankflow
