// complete, check and convert on arrays as a user types them.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "rankflow/archive.h"
#include "rankflow/rng.h"
#include "support/files.h"

namespace rankflow {
namespace {

using nlohmann::json;
using test::Folder;
using test::run_shell;
using testing::HasSubstr;

// 10 x 9 x 8 of rank 2 with holes, as an .npz of one array.
Array holey(const Folder& folder) {
  constexpr Index a = 10, b = 9, c = 8;
  std::vector<double> cells;
  for (Index i = 0; i < a; ++i)
    for (Index j = 0; j < b; ++j)
      for (Index k = 0; k < c; ++k) {
        Rng rng(3, 1, static_cast<std::uint64_t>((i * b + j) * c + k));
        const double x = static_cast<double>(i), y = static_cast<double>(j), z = static_cast<double>(k);
        const double value = std::sin(x) * std::cos(y) * (1 + z) + (x - 4) * (y - 3) * std::sin(2 * z);
        cells.push_back(rng.uniform() < 0.4 ? kNaN : value);
      }
  Array array{{a, b, c}, cells};
  Archive archive;
  archive.set("cube", array);
  archive.write(folder / "cube.npz");
  return array;
}

TEST(ArrayProgram, CompletesAnArrayAndLeavesWhatIsObserved) {
  const Folder folder;
  const Array array = holey(folder);
  const auto run = run_shell("$RANKFLOW complete -q --json " + (folder / "cube.npz") + " -o " + (folder / "full.npz") +
                             " --intervals 0.9");
  ASSERT_EQ(run.status, 0) << run.err;
  const json result = json::parse(run.out);
  EXPECT_EQ(result["shape"], (std::vector<int>{10, 9, 8}));
  EXPECT_EQ(result["verdict"], "solved");
  EXPECT_EQ(result["rank"], 2);
  const Archive full = Archive::read(folder / "full.npz");
  const auto& given = std::get<std::vector<double>>(array.data);
  const auto& values = std::get<std::vector<double>>(full.at("value").data);
  const auto& low = std::get<std::vector<double>>(full.at("low").data);
  ASSERT_EQ(values.size(), given.size());
  for (std::size_t k = 0; k < given.size(); ++k) {
    if (!std::isnan(given[k])) {
      EXPECT_EQ(values[k], given[k]);
    }
    EXPECT_TRUE(std::isfinite(values[k]));
    EXPECT_LE(low[k], values[k]);
  }
}

TEST(ArrayProgram, CheckSaysWhatIsInItAndConvertKeepsIt) {
  const Folder folder;
  (void)holey(folder);
  const auto check = run_shell("$RANKFLOW check " + (folder / "cube.npz"));
  EXPECT_EQ(check.status, 0) << check.err;
  EXPECT_THAT(check.out, HasSubstr("10 x 9 x 8"));
  EXPECT_EQ(run_shell("$RANKFLOW convert " + (folder / "cube.npz") + " " + (folder / "cube.csv")).status, 0);
  const auto again = run_shell("$RANKFLOW check " + (folder / "cube.csv") + " --columns 1,2,3,4 --json");
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(json::parse(again.out)["shape"], (std::vector<int>{10, 9, 8}));
}

TEST(ArrayProgram, WhatIsForTablesIsRefusedAndTheOtherWayRound) {
  const Folder folder;
  (void)holey(folder);
  for (const char* words : {"--engine flow", "--model kept.npz", "--intervals 0.9", "--intervals 0.9 -o x.npy"}) {
    const auto run = run_shell("$RANKFLOW complete -q " + (folder / "cube.npz") + " " + words);
    EXPECT_EQ(run.status, 2) << words << ": " << run.err;
  }
  test::write_bytes(folder / "table.csv", "1,2,3\n4,,6\n7,8,9\n");
  EXPECT_EQ(run_shell("$RANKFLOW complete -q " + (folder / "table.csv") + " --model cp").status, 2);
}

}  // namespace
}  // namespace rankflow
