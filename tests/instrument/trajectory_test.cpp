// Trajectories: files, crossings, plateaus.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/trajectory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "rankflow/error.h"
#include "support/files.h"
#include "support/tables.h"

namespace rankflow {
namespace {

using ::testing::HasSubstr;

TEST(Trajectory, AFileKeepsEveryBit) {
  const test::Folder folder;
  const Trajectory written{{"iteration", "time", "loss"}, {{0, 0, 1. / 3}, {100, .1, kNaN}, {200, 1e-300, 5e300}}};
  written.write_csv(folder / "run.csv");
  const Trajectory read = Trajectory::read_csv(folder / "run.csv");
  EXPECT_EQ(read.columns, written.columns);
  ASSERT_EQ(read.rows.size(), 3u);
  EXPECT_EQ(read.rows[0], written.rows[0]);
  EXPECT_TRUE(std::isnan(read.rows[1][2]));
  EXPECT_EQ(read.rows[2], written.rows[2]);
  EXPECT_EQ(test::read_bytes(folder / "run.csv").substr(0, 20), "iteration,time,loss\n");
}

TEST(Trajectory, DamagedFilesAreRefusedWithTheirLine) {
  const test::Folder folder;
  const auto message = [&](const std::string& bytes) {
    test::write_bytes(folder / "bad.csv", bytes);
    return test::message([&] { Trajectory::read_csv(folder / "bad.csv"); });
  };
  EXPECT_THAT(message(""), HasSubstr("no header"));
  EXPECT_THAT(message("a,b\n1\n"), HasSubstr("bad.csv:2: found 1 cells, expected 2"));
  EXPECT_THAT(message("a,b\n1,2\n1,x\n"), HasSubstr("bad.csv:3: found 'x', expected a number"));
  EXPECT_THAT(test::message([&] { Trajectory::read_csv(folder / "none.csv"); }), HasSubstr("cannot be opened"));
  EXPECT_EQ(message("a,b\r\n1,2\r\n"), "no InputError");
}

TEST(Trajectory, UnknownColumnsAreNamedWithThoseThereAre) {
  const Trajectory trajectory{{"iteration", "loss"}, {{0, 1}}};
  EXPECT_TRUE(trajectory.has("loss"));
  try {
    trajectory.series("los");
    FAIL();
  } catch (const OptionError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the columns are iteration, loss"));
  }
}

const std::vector<double> kX = {0, 10, 20, 30, 40, 50};

TEST(TrajectoryFeatures, Crossings) {
  const std::vector<double> y = {0, 0, 1, 3, 4, 4};
  EXPECT_EQ(first_record(y, 2), 3);
  EXPECT_EQ(first_record(y, 5), -1);
  EXPECT_DOUBLE_EQ(first_crossing(kX, y, 2), 25);
  EXPECT_TRUE(std::isnan(first_crossing(kX, y, 5)));
  EXPECT_DOUBLE_EQ(half_time(kX, y), 25);
  const std::vector<double> falling = {4, 3, 2, 2, 1, 0};
  EXPECT_DOUBLE_EQ(first_crossing(kX, falling, 1.5, true), 35);
  EXPECT_EQ(first_crossing(kX, falling, 7, true), 0);
  const Trajectory trajectory{{"iteration", "s"}, {{0, 0}, {10, 1}, {20, 2}}};
  EXPECT_DOUBLE_EQ(half_time(trajectory, "s"), 10);
}

TEST(TrajectoryFeatures, ThePlateauIsTheLongestStretch) {
  const std::vector<double> y = {1, 2, 1.01, .99, 1.005, 2};
  const Stretch plateau = longest_plateau(kX, y, 1, .02);
  EXPECT_EQ(plateau.first, 2);
  EXPECT_EQ(plateau.last, 4);
  EXPECT_EQ(plateau.length(), 20);
  EXPECT_TRUE(longest_plateau(kX, y, 5, .02).empty());
  EXPECT_EQ(longest_plateau(kX, y, 5, .02).length(), 0);
}

TEST(TrajectoryFeatures, WithNothingToCompareThereIsNoLargestRise) {
  EXPECT_TRUE(std::isnan(largest_rise(std::vector<double>{})));
  EXPECT_TRUE(std::isnan(largest_fall(std::vector<double>{1})));
  EXPECT_TRUE(std::isnan(largest_rise(std::vector<double>{kNaN, 2, kNaN})));
}

TEST(TrajectoryFeatures, FallsAndRises) {
  const std::vector<double> y = {3, 1, 2, kNaN, 1.5, 4};
  EXPECT_DOUBLE_EQ(largest_fall(y), 2);
  EXPECT_DOUBLE_EQ(largest_fall(y, 1), .5);
  EXPECT_DOUBLE_EQ(largest_rise(y), 3);
  EXPECT_EQ(largest_fall(std::vector<double>{1, 1, 2}), 0);
}

}  // namespace
}  // namespace rankflow
