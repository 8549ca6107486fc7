// Runs are kept, found again, repeated when they have to be, and the same for any number of workers.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiment/study_samples.h"
#include "experiment/study_summary.h"
#include "support/files.h"

namespace rankflow {
namespace {

using experiment::make_runs;
using experiment::plan_runs;
using experiment::PlannedRun;
using experiment::RunEvent;
using experiment::RunRecord;
using test::Folder;
using testing::HasSubstr;

constexpr const char* kGrid = "[vary]\nmodel.depth = [2, 3]\nmodel.seed = [1, 2]\n";

struct Counts {
  int kept = 0, finished = 0, failed = 0;
};

std::vector<RunRecord> run_all(const std::vector<PlannedRun>& plan, const std::string& folder, Counts& counts,
                               int jobs = 1) {
  return make_runs(plan, {folder, jobs},
                   [&counts](const RunEvent& event) {
                     counts.kept += event.kind == RunEvent::Kind::kept ? 1 : 0;
                     counts.finished += event.kind == RunEvent::Kind::finished ? 1 : 0;
                     counts.failed += event.kind == RunEvent::Kind::failed ? 1 : 0;
                   },
                   {});
}

TEST(Runner, KeepsEveryRunAndFindsItAgain) {
  const Folder folder;
  const std::vector<PlannedRun> plan = plan_runs(test::parse(test::small_study(kGrid)));
  Counts first, second;
  const std::vector<RunRecord> made = run_all(plan, folder.path(), first);
  const std::vector<RunRecord> found = run_all(plan, folder.path(), second);
  EXPECT_EQ(first.finished, 4);
  EXPECT_EQ(second.kept, 4);
  EXPECT_EQ(second.finished, 0);
  for (std::size_t k = 0; k < plan.size(); ++k) {
    EXPECT_EQ(made[k].outcome.trajectory.rows, found[k].outcome.trajectory.rows);
    EXPECT_EQ(made[k].outcome.numbers, found[k].outcome.numbers);
  }
}

TEST(Runner, WorkersDoNotChangeResults) {
  const Folder one, three;
  const std::vector<PlannedRun> plan = plan_runs(test::parse(test::small_study(kGrid)));
  Counts counts;
  const std::vector<RunRecord> a = run_all(plan, one.path(), counts, 1), b = run_all(plan, three.path(), counts, 3);
  for (std::size_t k = 0; k < plan.size(); ++k) EXPECT_EQ(a[k].outcome.trajectory.rows, b[k].outcome.trajectory.rows);
}

TEST(Runner, OnlyWhatChangedIsRunAgain) {
  const Folder folder;
  Counts before, after;
  run_all(plan_runs(test::parse(test::small_study("[vary]\nmodel.scale = [1e-1, 1e-2]\n"))), folder.path(), before);
  run_all(plan_runs(test::parse(test::small_study("[vary]\nmodel.scale = [0.1, 1e-3]\n"))), folder.path(), after);
  EXPECT_EQ(after.kept, 1);
  EXPECT_EQ(after.finished, 1);
}

TEST(Runner, AHalfWrittenResultIsNoResult) {
  const Folder folder;
  const std::vector<PlannedRun> plan = plan_runs(test::parse(test::small_study()));
  Counts counts;
  run_all(plan, folder.path(), counts);
  const std::string result = folder / ("runs/" + plan[0].folder + "/result.json");
  test::write_bytes(result, test::read_bytes(result).substr(0, 100));
  run_all(plan, folder.path(), counts);
  EXPECT_EQ(counts.finished, 2);
}

TEST(Runner, FailuresAreReportedAndRepeatedNextTime) {
  const Folder folder;
  std::string text = test::small_study();
  text.replace(text.find("count = 80"), 10, "measurement = \"gaussian\"");  // of which nobody says how many
  const std::vector<PlannedRun> plan = plan_runs(test::parse(text));
  Counts counts;
  const std::vector<RunRecord> records = run_all(plan, folder.path(), counts);
  EXPECT_EQ(records[0].status, RunRecord::Status::failed);
  EXPECT_THAT(records[0].why, HasSubstr("problem.count is missing"));
  EXPECT_THAT(test::read_bytes(folder / ("runs/" + plan[0].folder + "/result.json")), HasSubstr("\"failed\""));
  run_all(plan, folder.path(), counts);
  EXPECT_EQ(counts.failed, 2);
}

TEST(Runner, AStopLeavesNothingOfTheRunInFlight) {
  const Folder folder;
  const std::vector<PlannedRun> plan = plan_runs(test::parse(test::small_study()));
  int asked = 0;
  const std::vector<RunRecord> records = make_runs(plan, {folder.path(), 1}, {}, [&asked] { return ++asked > 2; });
  EXPECT_EQ(records[0].status, RunRecord::Status::missing);
  EXPECT_FALSE(std::filesystem::exists(folder / ("runs/" + plan[0].folder + "/result.json")));
}

TEST(Runner, SensingRunsMoveTogetherAndEachHasItsOwnRecord) {
  const Folder folder;
  std::string text = test::small_study("[vary]\nmodel.depth = [2, 3]\n");
  text.replace(text.find("count = 80"), 10, "measurement = \"gaussian\"\ncount = 60");
  Counts counts;
  const std::vector<RunRecord> records = run_all(plan_runs(test::parse(text)), folder.path(), counts, 2);
  EXPECT_EQ(counts.finished, 2);
  for (const RunRecord& record : records) EXPECT_LT(record.outcome.trajectory.last("loss"), 1);
  EXPECT_NE(records[0].outcome.trajectory.last("loss"), records[1].outcome.trajectory.last("loss"));
}

TEST(Runner, EveryKindOfEngineRecordsTheSameColumns) {
  const Folder folder;
  const std::string more = R"([[also]]
engine = { kind = "nuclear_norm", tolerance = 1e-3, record_every = 0, max_iterations = 5000 }
[[also]]
engine = { kind = "flow", loss_tolerance = 1e-2, max_time = 2000 }
model.depth = 2.5
[[also]]
engine = { kind = "greedy", column_size = 1e-4, max_iterations = 20000 }
)";
  Counts counts;
  const std::vector<RunRecord> records =
      run_all(plan_runs(test::parse(test::small_study(more))), folder.path(), counts);
  ASSERT_EQ(counts.finished, 4);
  for (const RunRecord& record : records) {
    EXPECT_EQ(record.outcome.trajectory.columns, records[0].outcome.trajectory.columns);
    EXPECT_LT(record.outcome.trajectory.last("loss"), 0.75);  // the zero matrix has 100 / 120
  }
  EXPECT_GT(records[1].outcome.numbers.at("norm"), 0);
  EXPECT_LE(records[3].outcome.numbers.at("columns_added"), 3);
}

TEST(Summary, GroupsHaveMeanAndDeviation) {
  const std::vector<PlannedRun> plan = plan_runs(test::parse(test::small_study(kGrid)));
  std::vector<RunRecord> records;
  for (const double loss : {1.0, 3.0, 5.0, 5.0})
    records.push_back(test::record_of({"iteration", "time", "loss"}, {{7, 0, loss}}));
  const experiment::SummaryTable table = experiment::group_table(plan, records);
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_THAT(table.head, testing::ElementsAre("depth", "runs", "iterations", "iterations ±", "loss", "loss ±"));
  EXPECT_THAT(table.rows[0], testing::ElementsAre("2", "2", "7", "0", "2", "1.41421"));
  EXPECT_THAT(table.rows[1], testing::ElementsAre("3", "2", "7", "0", "5", "0"));
  EXPECT_EQ(experiment::run_table(plan, records).rows.size(), 4u);
  EXPECT_THAT(table.csv(), HasSubstr("2,2,7,0,2,1.41421\n"));
}

}  // namespace
}  // namespace rankflow
