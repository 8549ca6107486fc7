// Claims on made-up runs: each kind of check once holding and once broken.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiment/study_samples.h"

namespace rankflow {
namespace {

using experiment::check_claim;
using experiment::ClaimResult;
using experiment::PlannedRun;
using experiment::RunRecord;
using experiment::Study;
using experiment::Verdict;
using testing::HasSubstr;

// Depth 2 and 3 at scales 0.1 and 0.01; the last loss is given, the first is 1.
struct Made {
  std::vector<PlannedRun> plan;
  std::vector<RunRecord> records;
};

Made made() {
  Made all;
  all.plan = experiment::plan_runs(
      test::parse(test::small_study("[vary]\nmodel.depth = [2, 3]\nmodel.scale = [0.1, 0.01]\n")));
  for (const double loss : {0.4, 0.2, 0.02, 0.01})
    all.records.push_back(test::record_of({"iteration", "time", "loss"}, {{0, 0, 1}, {10, 1, 0.5}, {20, 2, loss}}));
  return all;
}

ClaimResult check(const std::string& claim, bool quick = false) {
  const Study study = test::parse(test::small_study("[[expect]]\nclaim = \"it holds\"\n" + claim));
  const Made all = made();
  return check_claim(study.claims.at(0), all.plan, all.records, quick, quick);
}

TEST(Claims, BoundsHoldInEveryRunOrFailNamingOne) {
  EXPECT_EQ(check("quantity = \"last(loss)\"\nlow = 0.01\nhigh = 0.4\n").verdict, Verdict::pass);
  const ClaimResult broken = check("quantity = \"last(loss)\"\nhigh = 0.3\n");
  EXPECT_EQ(broken.verdict, Verdict::fail);
  EXPECT_EQ(broken.expected, "at most 0.3 in each of 4 runs");
  EXPECT_EQ(broken.seen, "0.01 to 0.4 (3 of 4)");
  EXPECT_THAT(broken.why, HasSubstr("depth=2, scale=0.1: 0.4"));
}

TEST(Claims, SelectionsCompareNumbersAsNumbers) {
  EXPECT_EQ(check("where = { depth = 3, scale = 1e-2 }\nquantity = \"last(loss)\"\nlow = 0.01\nhigh = 0.01\n").verdict,
            Verdict::pass);
  EXPECT_EQ(check("where = { depth = [2, 3] }\nquantity = \"last(loss)\"\nhigh = 0.4\n").seen, "0.01 to 0.4 (4 of 4)");
}

TEST(Claims, RatiosPairRunsThatAgree) {
  const std::string over = "over = { where = { depth = 3 }, same = [\"scale\"] }\n";
  EXPECT_EQ(check("where = { depth = 2 }\nquantity = \"last(loss)\"\n" + over + "low = 19.99\nhigh = 20.01\n").verdict,
            Verdict::pass);
  EXPECT_EQ(check("where = { depth = 2 }\nquantity = \"last(loss)\"\n" + over + "low = 21\n").verdict, Verdict::fail);
  EXPECT_THAT(
      check("where = { depth = 2 }\nquantity = \"last(loss)\"\nover = { where = { depth = 3 } }\nlow = 1\n").expected,
      HasSubstr("4 pairs"));
}

TEST(Claims, OrdersAreCheckedAlongAKeyForEveryOther) {
  EXPECT_EQ(check("quantity = \"last(loss)\"\nalong = \"scale\"\norder = \"rising\"\n").verdict, Verdict::pass);
  EXPECT_EQ(check("quantity = \"last(loss)\"\nalong = \"scale\"\norder = \"falling\"\n").verdict, Verdict::fail);
  EXPECT_EQ(check("quantity = \"first(loss)\"\nalong = \"scale\"\norder = \"falling\"\n").verdict, Verdict::fail)
      << "equal is not falling";
  EXPECT_EQ(check("quantity = \"first(loss)\"\nalong = \"scale\"\norder = \"falling\"\nslack = 0.01\n").verdict,
            Verdict::pass);
}

TEST(Claims, EveryRecordIsLookedAtWhereTheConditionHolds) {
  EXPECT_EQ(check("every = \"loss\"\nwhen = \"iteration >= 10\"\nhigh = 0.5\n").verdict, Verdict::pass);
  EXPECT_EQ(check("every = \"loss\"\nhigh = 0.5\n").verdict, Verdict::fail);
  const ClaimResult never = check("every = \"loss\"\nwhen = \"loss < 0\"\nhigh = 0.5\n");
  EXPECT_EQ(never.verdict, Verdict::fail);
  EXPECT_THAT(never.why, HasSubstr("no record satisfies loss < 0"));
}

TEST(Claims, ACountOfRunsMayBeEnough) {
  EXPECT_EQ(check("quantity = \"last(loss)\"\nhigh = 0.03\nat_least = 2\n").verdict, Verdict::pass);
  EXPECT_EQ(check("quantity = \"last(loss)\"\nhigh = 0.03\nat_least = 3\n").verdict, Verdict::fail);
  const ClaimResult more = check("quantity = \"last(loss)\"\nhigh = 1\nat_least = 5\n");
  EXPECT_EQ(more.verdict, Verdict::fail);
  EXPECT_EQ(more.why, "only 4 runs are there");
}

TEST(Claims, WhatIsNeverReachedFails) {
  const ClaimResult result = check("quantity = \"at(iteration, loss < 1e-9)\"\nhigh = 100\n");
  EXPECT_EQ(result.verdict, Verdict::fail);
  EXPECT_THAT(result.seen, HasSubstr("never reached"));
}

TEST(Claims, AreSkippedWithAReason) {
  const std::string nobody = "where = { depth = 7 }\nquantity = \"last(loss)\"\nhigh = 1\n";
  EXPECT_EQ(check(nobody).why, "no run of this study is selected");
  EXPECT_EQ(check(nobody).verdict, Verdict::fail) << "in the full study nothing was taken away";
  EXPECT_EQ(check(nobody, true).verdict, Verdict::skipped);
  EXPECT_EQ(check("quantity = \"last(loss) / 0\"\nlow = 1\n").verdict, Verdict::fail) << "infinity is no number";
  EXPECT_EQ(check("quantity = \"last(loss)\"\nhigh = 1e-9\nquick = false\n", true).why, "needs the full study");
  const Study study =
      test::parse(test::small_study("[[expect]]\nclaim = \"c\"\nquantity = \"last(loss)\"\nhigh = 1\n"));
  Made all = made();
  all.records[1] = {RunRecord::Status::failed, "no memory", {}};
  const ClaimResult result = check_claim(study.claims[0], all.plan, all.records, false, false);
  EXPECT_EQ(result.verdict, Verdict::skipped);
  EXPECT_EQ(result.why, "depth=2, scale=0.01 failed: no memory");
}

}  // namespace
}  // namespace rankflow
