// reproduce, run and sweep as a user types them.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "experiment/study_samples.h"
#include "support/files.h"

namespace rankflow {
namespace {

using nlohmann::json;
using test::Folder;
using test::ProgramRun;
using test::run_shell;
using testing::HasSubstr;

constexpr const char* kClaims = R"toml(
[vary]
model.depth = [2, 3]

[[figure]]
name = "loss"
[[figure.panel]]
x = "iteration"
y = "loss"

[[expect]]
claim = "the loss falls"
quantity = "last(loss) / first(loss)"
high = 0.99
)toml";

std::string write_study(const Folder& folder, const std::string& more = "") {
  const std::string path = folder / "study.toml";
  test::write_bytes(path, test::small_study(kClaims + more));
  return path;
}

TEST(RunProgram, WritesTablesFiguresAndAReport) {
  const Folder folder;
  const ProgramRun run = run_shell("\"$RANKFLOW\" run " + write_study(folder) + " -q -o " + (folder / "out"));
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("pass    the loss falls"));
  EXPECT_THAT(run.out, HasSubstr("1 passed, 0 failed, 0 skipped; 2 runs"));
  for (const char* name : {"summary.csv", "claims.json", "report.html", "figures/loss.svg", "figures/loss.csv"})
    EXPECT_TRUE(std::filesystem::exists(folder / ("out/" + std::string(name)))) << name;
  EXPECT_THAT(test::read_bytes(folder / "out/summary.csv"), testing::StartsWith("depth,stop,iterations,seconds,loss"));
}

TEST(RunProgram, AClaimThatFailsIsExitStatusOneAndJsonSaysWhich) {
  const Folder folder;
  const std::string wrong = "[[expect]]\nclaim = \"the loss rises\"\nquantity = \"last(loss)\"\nlow = 1e9\n";
  const ProgramRun run =
      run_shell("\"$RANKFLOW\" run " + write_study(folder, wrong) + " -q --json -o " + (folder / "out"));
  EXPECT_EQ(run.status, 1);
  const json result = json::parse(run.out);
  EXPECT_EQ(result.at("failed"), 1);
  EXPECT_EQ(result.at("claims").at(1).at("verdict"), "fail");
}

TEST(RunProgram, MistakesAreNamedWithTheirPlace) {
  const Folder folder;
  const std::string wrong = "[[expect]]\nclaim = \"c\"\nquantity = \"last(reconstruction_eror)\"\nhigh = 1\n";
  const ProgramRun run = run_shell("\"$RANKFLOW\" run " + write_study(folder, wrong) + " -o " + (folder / "out"));
  EXPECT_EQ(run.status, 3);
  EXPECT_THAT(run.err, AllOf(HasSubstr("study.toml:"), HasSubstr("did you mean 'reconstruction_error'?")));
  EXPECT_EQ(run_shell("\"$RANKFLOW\" run " + write_study(folder) + " --set model.dept=3 -o " + (folder / "out")).status,
            2);
}

TEST(SweepProgram, HasMeanAndSpreadPerGroup) {
  const Folder folder;
  const ProgramRun run = run_shell("\"$RANKFLOW\" sweep " + write_study(folder) +
                                   " --vary scale=0.5,0.3 --vary seed=1:3 -j 2 -q -o " + (folder / "out"));
  EXPECT_EQ(run.status, 0) << run.err;
  const std::string groups = test::read_bytes(folder / "out/groups.csv");
  EXPECT_THAT(groups, testing::StartsWith("depth,scale,runs,iterations,iterations ±"));
  EXPECT_EQ(std::count(groups.begin(), groups.end(), '\n'), 5);
  const std::string runs = test::read_bytes(folder / "out/summary.csv");
  EXPECT_EQ(std::count(runs.begin(), runs.end(), '\n'), 13);
}

TEST(RunProgram, AfterAKillOnlyUnfinishedRunsAreMade) {
  const Folder folder;
  std::string text = test::small_study("[vary]\nmodel.seed = [1, 2, 3, 4, 5, 6, 7, 8]\n");
  text.replace(text.find("max_iterations = 400"), 20, "max_iterations = 400000");
  text.replace(text.find("loss_tolerance = 1e-3"), 21, "loss_tolerance = 0");
  text.replace(text.find("record_every = 100"), 18, "record_every = 50000");
  test::write_bytes(folder / "study.toml", text);
  const std::string study = folder / "study.toml", out = folder / "out";
  const pid_t child = fork();
  if (child == 0) {
    execl(RANKFLOW_PROGRAM, RANKFLOW_PROGRAM, "run", study.c_str(), "-q", "-o", out.c_str(), nullptr);
    _exit(127);
  }
  const auto finished = [&out] {
    int count = 0;
    std::error_code none;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(out, none))
      count += entry.path().filename() == "result.json" ? 1 : 0;
    return count;
  };
  for (int k = 0; k < 3000 && finished() < 2; ++k) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  const int before = finished();
  ASSERT_GE(before, 2);
  const ProgramRun again = run_shell("\"$RANKFLOW\" run " + study + " -o " + out);
  EXPECT_EQ(again.status, 0);
  EXPECT_EQ(finished(), 8);
  int made = 0;
  for (std::size_t at = again.err.find("after 400000 iterations"); at != std::string::npos;
       at = again.err.find("after 400000 iterations", at + 1))
    ++made;
  EXPECT_EQ(made, 8 - before) << again.err;
}

TEST(ReproduceProgram, ListsWhatIsShipped) {
  const ProgramRun run = run_shell("\"$RANKFLOW\" reproduce --list");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("arora2019/completion-2000"));
  const ProgramRun typo = run_shell("\"$RANKFLOW\" reproduce chou2020/window");
  EXPECT_EQ(typo.status, 2);
  EXPECT_THAT(typo.err, HasSubstr("did you mean 'chou2020/windows'?"));
}

TEST(ReproduceProgram, AQuickStudyHoldsItsClaims) {
  const Folder folder;
  const ProgramRun run = run_shell("\"$RANKFLOW\" reproduce chou2020/windows --quick -q -o " + (folder / "out"));
  EXPECT_EQ(run.status, 0) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("0 failed, 0 skipped"));
}

TEST(ReproduceProgram, WithoutItsDataAStudyIsSkipped) {
  const Folder folder;
  const ProgramRun run = run_shell("\"$RANKFLOW\" reproduce arora2019/dynamics-ml100k --data " + folder.path() +
                                   " -o " + (folder / "out"));
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("skipped"), HasSubstr("grouplens.org")));
}

}  // namespace
}  // namespace rankflow
