// Does the page hold what was given, nothing else, and safely?
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "rankflow/report.h"
#include "report/sample_input.h"

namespace rankflow {
namespace {

using ::testing::HasSubstr;

// For people: RANKFLOW_REPORT_SAMPLES=folder makes the tests leave the sample pages there.
TEST(ReportPage, LeavesSamplesWhereItIsAskedTo) {
  const char* folder = std::getenv("RANKFLOW_REPORT_SAMPLES");
  if (!folder) GTEST_SKIP() << "set RANKFLOW_REPORT_SAMPLES to a folder to keep the sample pages";
  write_report(std::string(folder) + "/ratings.html", sample::ratings_report());
  write_report(std::string(folder) + "/table.html", sample::table_report());
  ReportInput image = sample::table_report();
  image.map = sample::map(480, 640, true);
  image.columns.clear();
  write_report(std::string(folder) + "/image.html", image);
  write_history_csv(std::string(folder) + "/history.csv", sample::ratings_report().history);
}

}  // namespace
}  // namespace rankflow
