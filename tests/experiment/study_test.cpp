// Studies as files: what is read, what is refused and with which words, how grids expand.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiment/study_samples.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

using experiment::plan_runs;
using experiment::PlannedRun;
using test::complaint;
using test::parse;
using test::small_study;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> labels(const std::vector<PlannedRun>& plan) {
  std::vector<std::string> list;
  for (const PlannedRun& run : plan) list.push_back(run.label);
  return list;
}

TEST(Study, ReadsSettingsIntoTheOptionTables) {
  const std::vector<PlannedRun> plan = plan_runs(parse(small_study()));
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_EQ(plan[0].config.data.rows, 12);
  EXPECT_EQ(plan[0].config.model.start.scale, 1e-2);
  EXPECT_EQ(plan[0].config.engine.descent.step_size, 0.05);
  EXPECT_EQ(plan[0].config.engine.instruments, "reconstruction_error singular_values:3");
}

TEST(Study, ExpandsAxesInTheOrderOfTheFileWithTheFirstOneSlowest) {
  const std::vector<PlannedRun> plan =
      plan_runs(parse(small_study("[vary]\nmodel.scale = [1e-1, 1e-2]\nmodel.depth = [3, 2]\n")));
  EXPECT_THAT(labels(plan),
              ElementsAre("depth=3, scale=0.1", "depth=2, scale=0.1", "depth=3, scale=0.01", "depth=2, scale=0.01"));
}

TEST(Study, LinkedKeysChangeTogetherAndFurtherGridsAreAdded) {
  const std::string more = R"([[vary.linked]]
model.depth = [2, 3]
engine.step_size = [0.1, 0.2]
[[also]]
engine = { kind = "nuclear_norm", record_every = 0 }
)";
  const std::vector<PlannedRun> plan = plan_runs(parse(small_study(more)));
  ASSERT_EQ(plan.size(), 3u);
  EXPECT_EQ(plan[1].setting("model.depth"), "3");
  EXPECT_EQ(plan[1].setting("engine.step_size"), "0.2");
  EXPECT_EQ(plan[2].setting("engine.kind"), "nuclear_norm");
  EXPECT_EQ(plan[2].setting("model.depth"), "") << "depth does not apply to the nuclear norm";
}

TEST(Study, OneSeedSetsAllOfThemAndVariesAsOne) {
  const std::vector<PlannedRun> plan = plan_runs(parse(small_study("[vary]\nseed = [4, 5]\n")));
  EXPECT_THAT(labels(plan), ElementsAre("seed=4", "seed=5"));
  for (const char* key : {"data.seed", "problem.seed", "model.seed"}) EXPECT_EQ(plan[1].setting(key), "5") << key;
}

TEST(Study, SeedOfASectionWinsOverTheStudys) {
  const std::vector<PlannedRun> plan = plan_runs(parse(
      "seed = 3\n" + small_study("[problem2]\n")
                         .replace(small_study("[problem2]\n").find("[problem2]\n"), 11, "[vary]\nmodel.seed = [8]\n")));
  EXPECT_EQ(plan[0].setting("data.seed"), "3");
  EXPECT_EQ(plan[0].setting("model.seed"), "8");
}

TEST(Study, QuickOverridesAreTakenOnlyWhenAskedFor) {
  const std::string text =
      small_study("[vary]\nmodel.depth = [2, 3]\n[quick]\nvary.model.depth = [2]\nengine.step_size = 0.1\n");
  EXPECT_EQ(plan_runs(parse(text)).size(), 2u);
  const std::vector<PlannedRun> quick = plan_runs(parse(text, {.quick = true, .set = {}, .vary = {}}));
  ASSERT_EQ(quick.size(), 1u);
  EXPECT_EQ(quick[0].config.engine.descent.step_size, 0.1);
}

TEST(Study, SetReplacesValuesAndAxes) {
  const std::string text = small_study("[vary]\nmodel.depth = [2, 3]\n");
  const std::vector<PlannedRun> plan =
      plan_runs(parse(text, {.quick = false, .set = {"depth=4", "engine.optimizer=adam"}, .vary = {}}));
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_EQ(plan[0].setting("model.depth"), "4");
  EXPECT_EQ(plan[0].setting("engine.optimizer"), "adam");
}

TEST(Study, VaryMakesAxesOfListsAndRanges) {
  const std::vector<PlannedRun> plan =
      plan_runs(parse(small_study(), {.quick = false, .set = {}, .vary = {"depth=2,4", "seed=1:3"}}));
  EXPECT_EQ(plan.size(), 6u);
  EXPECT_EQ(plan[5].setting("model.depth"), "4");
  EXPECT_EQ(plan[5].setting("data.seed"), "3");
}

TEST(Study, FingerprintsDoNotDependOnHowNumbersAreWritten) {
  const PlannedRun a = plan_runs(parse(small_study("[vary]\nmodel.scale = [1e-3]\n")))[0];
  const PlannedRun b = plan_runs(parse(small_study("[vary]\nmodel.scale = [0.001]\n")))[0];
  const PlannedRun c = plan_runs(parse(small_study("[vary]\nmodel.scale = [0.002]\n")))[0];
  EXPECT_EQ(a.fingerprint, b.fingerprint);
  EXPECT_NE(a.fingerprint, c.fingerprint);
}

// Line 19 of the small study is the step size.
TEST(StudyErrors, NameLineColumnAndTheClosestKey) {
  EXPECT_THAT(complaint(small_study("[vary]\nmodel.dept = [2]\n")),
              AllOf(HasSubstr("study.toml:"), HasSubstr("'model.dept'"), HasSubstr("did you mean 'model.depth'?")));
  std::string text = small_study();
  text.replace(text.find("step_size"), 9, "stepsize");
  EXPECT_THAT(complaint(text), AllOf(HasSubstr("study.toml:19:1"), HasSubstr("did you mean 'engine.step_size'?")));
}

TEST(StudyErrors, SayWhatWasFoundAndWhatWasExpected) {
  std::string text = small_study();
  text.replace(text.find("depth = 2"), 9, "depth = \"deep\"");
  EXPECT_THAT(complaint(text),
              AllOf(HasSubstr("study.toml:"), HasSubstr("model.depth: found 'deep', expected [1, 1000]")));
  text = small_study();
  text.replace(text.find("\"plain\""), 7, "\"plane\"");
  EXPECT_THAT(complaint(text), HasSubstr("engine.optimizer: found 'plane', expected plain | momentum"));
}

TEST(StudyErrors, AKeyThatAppliesToNoRunIsRefused) {
  EXPECT_THAT(complaint(small_study("column_size = 1e-3\n")), HasSubstr("applies to none of the study's runs"));
}

TEST(StudyErrors, BrokenTomlIsPointedAt) {
  EXPECT_THAT(complaint("title = \"x\"\n[data\n"), AllOf(HasSubstr("study.toml:2"), HasSubstr("not TOML")));
}

TEST(StudyErrors, LinkedListsOfDifferentLengthsAreRefused) {
  EXPECT_THAT(complaint(small_study("[[vary.linked]]\nmodel.depth = [2, 3]\nengine.step_size = [1]\n")),
              HasSubstr("has 1 values, but what it is linked to has 2"));
}

TEST(StudyErrors, HalfFactorsNeedTheFlow) {
  EXPECT_THAT(complaint(small_study("[vary]\nmodel.depth = [2.5]\n")), HasSubstr("whole number of factors"));
}

TEST(StudyErrors, ClaimsHaveExactlyOneCheck) {
  EXPECT_THAT(complaint(small_study("[[expect]]\nclaim = \"c\"\nquantity = \"last(loss)\"\n")),
              HasSubstr("either bounds"));
  EXPECT_THAT(complaint(small_study("[[expect]]\nclaim = \"c\"\nhigh = 1\n")), HasSubstr("either 'quantity'"));
  EXPECT_THAT(complaint(small_study("[[expect]]\nclaim = \"c\"\nquantity = \"loss\"\nhigh = \"1\"\n")),
              HasSubstr("found a text '1', expected a number"));
}

TEST(StudyErrors, ExpressionsAreTriedBeforeAnyRun) {
  const auto claim = [](const std::string& quantity) {
    return complaint(small_study("[[expect]]\nclaim = \"c\"\nquantity = \"" + quantity + "\"\nhigh = 1\n"));
  };
  EXPECT_EQ(claim("last(loss)"), "");
  EXPECT_THAT(claim("last(lass)"), HasSubstr("did you mean 'loss'?"));
  EXPECT_THAT(claim("loss"), HasSubstr("is a series, and one number is needed"));
  EXPECT_THAT(claim("last(loss) +"), AllOf(HasSubstr("study.toml:"), HasSubstr("cannot be read")));
  EXPECT_THAT(claim("last(loss, 3)"), HasSubstr("last takes (x), found 2 arguments"));
  EXPECT_THAT(complaint(small_study("[[figure]]\nname = \"f\"\n[[figure.panel]]\nx = \"iteration\"\ny = \"loss *\"\n")),
              HasSubstr("begins with 'loss '"));
}

TEST(StudyErrors, FigureNamesAreFileNamesAndDiffer) {
  const auto figure = [](const std::string& name) {
    return "[[figure]]\nname = \"" + name + "\"\n[[figure.panel]]\nx = \"iteration\"\ny = \"loss\"\n";
  };
  EXPECT_EQ(complaint(small_study(figure("a") + figure("b"))), "");
  EXPECT_THAT(complaint(small_study(figure("a") + figure("a"))), HasSubstr("a second figure is called 'a'"));
  for (const char* name : {"../up", "a/b", ".hidden", "a b"})
    EXPECT_THAT(complaint(small_study(figure(name))), HasSubstr("found the name")) << name;
}

TEST(StudyErrors, SelectionsThatSelectNothingAreRefused) {
  const std::string claim = "[[expect]]\nclaim = \"c\"\nwhere = { depth = 7 }\nquantity = \"last(loss)\"\nhigh = 1\n";
  EXPECT_THAT(complaint(small_study(claim)), HasSubstr("'where' selects none"));
  EXPECT_EQ(complaint(small_study(claim), {.quick = true, .set = {}, .vary = {}}), "") << "quick may take runs away";
}

TEST(StudyErrors, MoreThanThereIsCannotBeAskedFor) {
  EXPECT_THAT(complaint(small_study(), {.quick = false, .set = {"problem.count=121"}, .vary = {}}),
              HasSubstr("only 120 entries are known"));
  EXPECT_THAT(complaint(small_study(), {.quick = false, .set = {"data.rank=11"}, .vary = {}}),
              HasSubstr("at most rank 10"));
}

TEST(StudyErrors, KeysOfThousandsOfPartsAreRefused) {
  std::string key = "a";
  for (int k = 0; k < 50'000; ++k) key += ".a";
  EXPECT_THAT(complaint(small_study(key + " = 1\n")), HasSubstr("more than 100 parts"));
}

TEST(Study, ASeedOfOnePartLeavesTheStudysSeedsToTheOthers) {
  const experiment::Study study =
      parse(small_study("[vary]\nseed = [1, 2]\n"), {.quick = false, .set = {"model.seed=9"}, .vary = {}});
  const std::vector<PlannedRun> plan = plan_runs(study);
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(plan[1].setting("data.seed"), "2");
  EXPECT_EQ(plan[1].setting("model.seed"), "9");
}

TEST(StudyErrors, WrongOverridesAreOptionErrors) {
  EXPECT_THROW(plan_runs(parse(small_study(), {.quick = false, .set = {"depth=deep"}, .vary = {}})), OptionError);
  EXPECT_THROW(parse(small_study(), {.quick = false, .set = {"depth=3\ntitle=4"}, .vary = {}}), OptionError);
  EXPECT_THROW(parse(small_study(), {.quick = false, .set = {"depht=3"}, .vary = {}}), OptionError);
  EXPECT_THROW(parse(small_study(), {.quick = false, .set = {}, .vary = {"seed=5:1"}}), OptionError);
  EXPECT_THROW(parse(small_study(), {.quick = false, .set = {"depth"}, .vary = {}}), OptionError);
}

}  // namespace
}  // namespace rankflow
