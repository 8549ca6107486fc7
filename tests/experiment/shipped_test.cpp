// Every study that is shipped can be read, whole and quick, and its claims speak of what its runs record.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "experiment/name_check.h"
#include "experiment/plan.h"
#include "experiment/study.h"

namespace rankflow {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> shipped() {
  std::vector<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(RANKFLOW_SOURCE_FOLDER) / "experiments"))
    if (entry.path().extension() == ".toml") paths.push_back(entry.path().string());
  return paths;
}

void check_study(const std::string& path, bool quick) {
  SCOPED_TRACE(path + (quick ? " (quick)" : ""));
  const char* data = std::getenv("RANKFLOW_DATA");
  try {
    const experiment::Study study = experiment::read_study(path, {.quick = quick, .set = {}, .vary = {}});
    const std::vector<experiment::PlannedRun> plan = experiment::plan_runs(study, data == nullptr ? "" : data);
    EXPECT_FALSE(study.title.empty());
    EXPECT_FALSE(study.source.empty());
    EXPECT_FALSE(study.claims.empty());
    EXPECT_FALSE(study.figures.empty());
    experiment::check_names(study, plan);
    std::set<std::string> folders;
    for (const experiment::PlannedRun& run : plan) EXPECT_TRUE(folders.insert(run.folder).second) << run.folder;
    if (quick) return;
    for (const experiment::Claim& claim : study.claims) {
      bool selected = false;
      for (const experiment::PlannedRun& run : plan) selected = selected || experiment::matches(run, claim.selection);
      EXPECT_TRUE(selected) << claim.place.text() << ": no run is selected by: " << claim.text;
    }
  } catch (const experiment::DataMissing&) {  // ratings that may not be redistributed
  }
}

TEST(ShippedStudies, CanBeReadAndTheirClaimsNameWhatIsRecorded) {
  const std::vector<std::string> paths = shipped();
  EXPECT_GE(paths.size(), 20u);
  for (const std::string& path : paths) {
    EXPECT_NO_THROW(check_study(path, false)) << path;
    EXPECT_NO_THROW(check_study(path, true)) << path;
  }
}

}  // namespace
}  // namespace rankflow
