// What a user of arrays keeps: model, report, history, intervals and checkpoints, as they are typed.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "rankflow/archive.h"
#include "rankflow/read_tensor.h"
#include "rankflow/write_tensor.h"
#include "support/array_jobs.h"
#include "support/files.h"

namespace rankflow {
namespace {

using nlohmann::json;
using test::Folder;
using test::run_shell;
using testing::HasSubstr;

// 12 days x 10 places x 9 hours with holes and noise, as .npz with names.
Tensor visits(const Folder& folder, double noise) {
  Tensor tensor = test::observed(test::planted(2, 31), 0.6, noise, Tensor::Layout::dense);
  tensor.modes[1] = Axis::strings({"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"});
  tensor.modes[0].title = "day", tensor.modes[1].title = "place", tensor.modes[2].title = "hour";
  write_tensor(folder / "visits.npz", tensor);
  return tensor;
}

TEST(ArrayKept, ModelReportAndHistoryAreWrittenAndPredictGivesTheCellsOfTheArray) {
  const Folder folder;
  (void)visits(folder, 0.2);
  const std::string out = folder / "out", input = folder / "visits.npz";
  const auto run =
      run_shell("$RANKFLOW complete -q --no-refit " + input + " -o " + (folder / "full.npy") + " --report " + out);
  ASSERT_EQ(run.status, 0) << run.err;
  for (const char* name : {"/report.html", "/model.npz", "/history.csv"})
    EXPECT_TRUE(std::filesystem::exists(out + name)) << name;
  EXPECT_THAT(test::read_bytes(out + "/report.html"), HasSubstr("rankflow complete -q --no-refit"));
  const Tensor full = read_tensor(folder / "full.npy"), holes = read_tensor(input);

  // The holes themselves, then all cells as text, then with columns in another order.
  ASSERT_EQ(run_shell("$RANKFLOW predict -q " + out + "/model.npz " + input + " -o " + (folder / "again.npy")).status,
            0);
  EXPECT_EQ(read_tensor(folder / "again.npy").value, full.value);
  ASSERT_EQ(run_shell("$RANKFLOW predict -q " + out + "/model.npz --all-cells -o " + (folder / "cells.csv")).status, 0);
  const auto turned = run_shell("awk -F, '{print $3\",\"$1\",x,\"$2}' " + (folder / "cells.csv") +
                                " | sed '1s/x/note/' | " + "$RANKFLOW predict -q " + out + "/model.npz -");
  ASSERT_EQ(turned.status, 0) << turned.err;
  EXPECT_EQ(turned.out.substr(turned.out.find('\n')).size(), turned.out.size() - turned.out.find('\n'));
  test::write_bytes(folder / "turned.csv", turned.out);
  EXPECT_EQ(run_shell("sed 1d " + (folder / "cells.csv") + " | cut -d, -f4 > " + (folder / "one") + "; sed 1d " +
                      (folder / "turned.csv") + " | cut -d, -f4 > " + (folder / "two") + "; cmp " + (folder / "one") +
                      " " + (folder / "two"))
                .status,
            0);
}

TEST(ArrayKept, UnknownIdsGetAveragesWithoutAnInterval) {
  const Folder folder;
  (void)visits(folder, 0.2);
  const std::string model = folder / "m.npz";
  ASSERT_EQ(run_shell("$RANKFLOW complete -q " + (folder / "visits.npz") + " --model cp --model-file " + model).status,
            0);
  test::write_bytes(folder / "ask.csv", "0,a,0\n0,nowhere,0\n");
  const auto run = run_shell("$RANKFLOW predict " + model + " " + (folder / "ask.csv") + " --intervals 0.8");
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("day,place,hour,value,low,high\n0,a,0,"));
  EXPECT_THAT(run.out, testing::EndsWith(",,\n"));
  EXPECT_THAT(run.err, HasSubstr("mode 2: 1"));
  const auto counted =
      run_shell("$RANKFLOW predict -q --json " + model + " " + (folder / "ask.csv") + " -o " + (folder / "p.csv"));
  EXPECT_EQ(json::parse(counted.out)["unknown"], 1);
  EXPECT_EQ(run_shell("$RANKFLOW predict " + model).status, 2);
  EXPECT_EQ(run_shell("$RANKFLOW predict " + model + " " + (folder / "visits.npz") + " --given x").status, 2);
  test::write_bytes(folder / "short.csv", "0,a\n");
  EXPECT_EQ(run_shell("$RANKFLOW predict " + model + " " + (folder / "short.csv")).status, 3);
}

TEST(ArrayKept, IntervalsAreColumnsOfText) {
  const Folder folder;
  const Tensor tensor = visits(folder, 0.2);
  const auto run = run_shell("$RANKFLOW complete -q " + (folder / "visits.npz") + " --model overlap -o " +
                             (folder / "all.csv") + " --intervals 0.9");
  ASSERT_EQ(run.status, 0) << run.err;
  const std::string text = test::read_bytes(folder / "all.csv");
  EXPECT_THAT(text, testing::StartsWith("day,place,hour,value,low,high\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1 + 12 * 10 * 9);
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  Index points = 0;
  while (std::getline(lines, line)) {
    std::vector<std::string> fields;
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) fields.push_back(cell);
    ASSERT_EQ(fields.size(), 6u) << line;
    const double value = std::stod(fields[3]), low = std::stod(fields[4]), high = std::stod(fields[5]);
    EXPECT_LE(low, value);
    EXPECT_LE(value, high);
    points += low == high ? 1 : 0;
  }
  EXPECT_EQ(points, tensor.num_observed());
}

// Killed at several moments; the last run finishes what the others began.
TEST(ArrayKept, AKilledJobGoesOnWithTheSameBits) {
  const Folder folder;
  (void)visits(folder, 0.2);
  const std::string base = "$RANKFLOW complete -q " + (folder / "visits.npz") + " -o ";
  ASSERT_EQ(run_shell(base + (folder / "whole.npy")).status, 0);
  const std::string state = folder / "state.npz",
                    keep = base + (folder / "parts.npy") + " --checkpoint " + state + " --checkpoint-every 0.001";
  bool killed = false;
  for (const char* seconds : {"0.15", "0.2", "0.25", "0.3"}) {
    const std::string resume = std::filesystem::exists(state) ? " --resume " + state : "";
    const auto run = run_shell("timeout -s KILL " + std::string(seconds) + " " + keep + resume);
    killed = killed || run.status != 0;
    if (run.status == 0) break;
  }
  EXPECT_TRUE(killed);
  if (!std::filesystem::exists(folder / "parts.npy")) {
    const std::string resume = std::filesystem::exists(state) ? " --resume " + state : "";
    ASSERT_EQ(run_shell(keep + resume).status, 0);
  }
  EXPECT_EQ(test::read_bytes(folder / "parts.npy"), test::read_bytes(folder / "whole.npy"));
  EXPECT_FALSE(std::filesystem::exists(state));
}

TEST(ArrayKept, AnInterruptedJobSaysHowToGoOn) {
  const Folder folder;
  (void)visits(folder, 0.2);
  const auto run = run_shell("timeout -s INT 0.15 $RANKFLOW complete -q " + (folder / "visits.npz") + " -o " +
                             (folder / "full.npy"));
  if (std::filesystem::exists(folder / "full.npy")) GTEST_SKIP() << "the machine is too fast for this test";
  EXPECT_THAT(run.err, HasSubstr("--resume " + (folder / "full.npy.checkpoint.npz")));
  EXPECT_TRUE(std::filesystem::exists(folder / "full.npy.checkpoint.npz"));
}

}  // namespace
}  // namespace rankflow
