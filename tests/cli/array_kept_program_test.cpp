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
  EXPECT_THAT(test::read_bytes(out + "/report.html"), HasSubstr("complete -q --no-refit"));
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

// Noise alone, large enough to be under way for a while.
void write_noise(const std::string& path, const std::vector<Index>& shape) {
  Rng rng(17);
  std::vector<double> cells(static_cast<std::size_t>(shape[0] * shape[1] * shape[2]));
  for (double& cell : cells) cell = rng.uniform() < 0.3 ? kNaN : rng.normal();
  Archive archive;
  archive.set("noise", Array{shape, cells});
  archive.write(path);
}

// Killed once it has saved something, and once more a moment later; the last run finishes what they began. Noise is not
// predicted, which is exit status 1, so the state stays.
TEST(ArrayKept, AKilledJobGoesOnWithTheSameBits) {
  const Folder folder;
  write_noise(folder / "noise.npz", {24, 20, 16});
  const std::string base = "$RANKFLOW complete -q " + (folder / "noise.npz") + " -o ", state = folder / "state.npz",
                    keep = base + (folder / "parts.npy") + " --checkpoint " + state + " --checkpoint-every 0.001";
  ASSERT_EQ(run_shell(base + (folder / "whole.npy")).status, 1);
  const auto first = run_shell(keep + " & while [ ! -e " + state + " ]; do sleep 0.005; done; kill -9 $!; wait $!");
  EXPECT_EQ(first.status, 128 + 9);
  const auto second = run_shell("timeout -s KILL 0.2 " + keep + " --resume " + state);
  EXPECT_NE(second.status, 0);
  const auto last = run_shell(keep + " --resume " + state);
  EXPECT_EQ(last.status, 1) << last.err;
  EXPECT_EQ(test::read_bytes(folder / "parts.npy"), test::read_bytes(folder / "whole.npy"));
}

TEST(ArrayKept, AnInterruptedJobSaysHowToGoOn) {
  const Folder folder;
  write_noise(folder / "noise.npz", {60, 50, 40});
  const std::string state = folder / "full.npy.checkpoint.npz";
  const auto run =
      run_shell("timeout -s INT 0.6 $RANKFLOW complete -q " + (folder / "noise.npz") + " -o " + (folder / "full.npy"));
  EXPECT_THAT(run.err, HasSubstr("--resume " + state));
  EXPECT_TRUE(std::filesystem::exists(state));
  EXPECT_FALSE(std::filesystem::exists(folder / "full.npy"));
  const auto other = run_shell("$RANKFLOW complete -q --seed 1 " + (folder / "noise.npz") + " --resume " + state);
  EXPECT_EQ(other.status, 3);
  EXPECT_THAT(other.err, HasSubstr("other data or other options"));
}

}  // namespace
}  // namespace rankflow
