// Facts and counts, files that judge and choose, as a user types them.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "support/files.h"

namespace rankflow {
namespace {

using nlohmann::json;
using test::Folder;
using test::run_shell;
using testing::HasSubstr;

// Facts by a rule of groups of five, as three .tns files.
void write_facts(const Folder& folder) {
  std::ofstream train(folder / "train.tns"), valid(folder / "valid.tns"), test(folder / "test.tns");
  for (int i = 0, count = 0; i < 30; ++i)
    for (int r = 0; r < 3; ++r)
      for (int k = 0; k < 30; ++k)
        if ((i / 5 + r) % 6 == k / 5) {
          const int draw = (37 * ++count) % 101 % 10;
          (draw == 0 ? test : draw == 5 ? valid : train) << i + 1 << ' ' << r + 1 << ' ' << k + 1 << " 1\n";
        }
}

TEST(ArrayLossesProgram, RanksTheFactsOfATestFile) {
  const Folder folder;
  write_facts(folder);
  const std::string command = "cd " + (folder / "") +
                              " && $RANKFLOW complete train.tns --test test.tns --valid valid.tns --loss logistic "
                              "--absent zero ";
  const auto run = run_shell(command + "-q --json");
  ASSERT_EQ(run.status, 0) << run.err;
  const json result = json::parse(run.out);
  EXPECT_EQ(result["loss"], "logistic");
  EXPECT_EQ(result["ranking"]["ranked_modes"], (std::vector<int>{1, 3}));
  EXPECT_EQ(result["ranking"]["facts"], result["held_out"]["count"]);
  EXPECT_GT(result["ranking"]["mrr"], 0.9);
  EXPECT_GT(result["ranking"]["auc"], 0.99);
  EXPECT_LT(result["baseline"]["ranking"]["mrr"], 0.5);
  const auto brief = run_shell(command + "-q --ranked-modes 3");
  EXPECT_THAT(brief.out, HasSubstr("ranked along modes 3"));
  EXPECT_THAT(brief.out, HasSubstr("MRR"));
}

TEST(ArrayLossesProgram, WritesProbabilities) {
  const Folder folder;
  write_facts(folder);
  const auto run =
      run_shell("cd " + (folder / "") +
                " && $RANKFLOW complete train.tns --test test.tns --loss logistic --absent zero -q -o p.csv"
                " && head -4 p.csv");
  ASSERT_EQ(run.status, 0) << run.err;
  std::ifstream file(folder / "p.csv");
  std::string line;
  int lines = 0;
  for (std::getline(file, line); std::getline(file, line); ++lines) {
    const double p = std::stod(line.substr(line.rfind(',') + 1));
    EXPECT_GE(p, 0);
    EXPECT_LE(p, 1);
  }
  EXPECT_EQ(lines, 30 * 3 * 30);
}

TEST(ArrayLossesProgram, SaysWhatIsWrong) {
  const Folder folder;
  write_facts(folder);
  std::ofstream(folder / "wrong.tns") << "1 1 29 1\n1 1 1 0\n";
  std::ofstream(folder / "table.csv") << "a,b\n1,2\n3,4\n5,6\n";
  const std::string go = "cd " + (folder / "") + " && $RANKFLOW complete -q ";
  const auto contradiction = run_shell(go + "train.tns --test wrong.tns --loss logistic --absent zero");
  EXPECT_EQ(contradiction.status, 3);
  EXPECT_THAT(contradiction.err, HasSubstr("wrong.tns:2: cell (1, 1, 1) is 0 here and 1 in train.tns:1"));
  const auto table = run_shell(go + "table.csv --loss poisson");
  EXPECT_EQ(table.status, 2);
  EXPECT_THAT(table.err, HasSubstr("order 3"));
  const auto zeros = run_shell(go + "train.tns --test test.tns --absent zero");
  EXPECT_EQ(zeros.status, 2);
  const auto all_ones = run_shell(go + "train.tns --loss logistic");
  EXPECT_EQ(all_ones.status, 3);
  EXPECT_THAT(all_ones.err, HasSubstr("--absent zero"));
  const auto unknown = run_shell(go + "train.tns --loss cubic");
  EXPECT_EQ(unknown.status, 2);
  const auto modes = run_shell(go + "train.tns --test test.tns --loss logistic --absent zero --ranked-modes 4");
  EXPECT_EQ(modes.status, 2);
}

TEST(ArrayLossesProgram, CountsComeWithTheirDeviance) {
  const Folder folder;
  {
    std::ofstream file(folder / "counts.csv");
    file << "a,b,c,count\n";
    for (int i = 0; i < 12; ++i)
      for (int j = 0; j < 10; ++j)
        for (int k = 0; k < 8; ++k)
          if ((i * 31 + j * 17 + k * 7) % 3 != 0)
            file << i << ',' << j << ',' << k << ',' << (i * j + k * k) / 10 << '\n';
  }
  const auto run = run_shell("cd " + (folder / "") +
                             " && $RANKFLOW complete counts.csv --columns a,b,c,count --loss poisson -q --json");
  ASSERT_EQ(run.status, 0) << run.err << run.out;
  const json result = json::parse(run.out);
  EXPECT_GT(result["held_out"]["deviance"], 0);
  EXPECT_LT(result["held_out"]["deviance"], result["baseline"]["deviance"]);
  EXPECT_EQ(result["empty_indices"], json::array());
}

}  // namespace
}  // namespace rankflow
