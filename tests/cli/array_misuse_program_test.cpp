// What is asked for in vain, or cannot be kept, is said: options without effect, files that repeat others, folders that
// cannot be written to, names that are not UTF-8.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
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

// 8 x 7 x 6 of rank 1 with holes: an .npz of one array, and a list of its cells with names.
void write_cells(const Folder& folder) {
  constexpr Index a = 8, b = 7, c = 6;
  std::vector<double> cells;
  std::ofstream list(folder / "l.csv");
  list << "day,place,hour,value\n";
  for (Index i = 0; i < a; ++i)
    for (Index j = 0; j < b; ++j)
      for (Index k = 0; k < c; ++k) {
        Rng rng(5, 1, static_cast<std::uint64_t>((i * b + j) * c + k));
        const double value = (1 + std::sin(static_cast<double>(i))) * static_cast<double>(j + 1) *
                             (2 + std::cos(static_cast<double>(k)));
        cells.push_back(rng.uniform() < 0.3 ? kNaN : value);
        if (!std::isnan(cells.back())) list << i << ',' << j << ',' << k << ',' << value << '\n';
      }
  Archive archive;
  archive.set("cube", Array{{a, b, c}, cells});
  archive.write(folder / "cube.npz");
}

std::string in(const Folder& folder, const std::string& command) {
  return "cd " + (folder / "") + " && $RANKFLOW " + command;
}

TEST(ArrayMisuse, NamesThatAreNotUtf8AreNoBug) {
  const Folder folder;
  write_cells(folder);
  const std::string bad = "bad=$(printf 'bad\\377') && ";
  const auto run = run_shell("cd " + (folder / "") + " && " + bad +
                             "cp cube.npz $bad.npz && $RANKFLOW complete -q --json --model-file m.npz --report out "
                             "$bad.npz && $RANKFLOW check --json $bad.npz && $RANKFLOW predict -q --json m.npz "
                             "--all-cells -o $bad.npy");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("bad\xEF\xBF\xBD.npz"));
  test::write_bytes(folder / "table.csv", "1,2,3\n2,4,6\n3,6,9\n4,8,\n");
  const auto table = run_shell("cd " + (folder / "") + " && " + bad + "mv table.csv $bad.csv && " +
                               "$RANKFLOW complete -q --json --model-file t.npz --report tout $bad.csv");
  EXPECT_THAT(table.status, testing::AnyOf(0, 1)) << table.err;
  EXPECT_TRUE(std::filesystem::exists(folder / "t.npz"));
}

// As a user who may not write there: root may write anywhere.
TEST(ArrayMisuse, AFolderThatCannotBeWrittenToKeepsNoCheckpointUnlessOneIsAskedFor) {
  const Folder folder;
  write_cells(folder);
  test::write_bytes(folder / "table.csv", "1,2,3\n2,4,6\n3,6,9\n4,8,\n");
  const std::string as = geteuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups " : "";
  std::filesystem::create_directory(folder / "closed");
  const std::string here = "chmod 755 " + (folder / "") + " && chmod 555 " + (folder / "closed") + " && cd " +
                           (folder / "closed") + " && " + as;
  if (run_shell(here + "true").status != 0) GTEST_SKIP() << "cannot become another user";
  for (const char* words : {"", "-o /dev/null"}) {
    const auto run = run_shell(here + "$RANKFLOW complete ../cube.npz " + words);
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_THAT(run.err, HasSubstr("an interruption would lose this run"));
  }
  EXPECT_THAT(run_shell(here + "$RANKFLOW complete -q ../cube.npz").err, testing::Not(HasSubstr("interruption")));
  EXPECT_THAT(run_shell(here + "$RANKFLOW complete -q ../table.csv").status, testing::AnyOf(0, 1));
  const auto asked = run_shell(here + "$RANKFLOW complete -q ../cube.npz --checkpoint state.npz");
  EXPECT_EQ(asked.status, 3);
  EXPECT_THAT(asked.err, HasSubstr("a checkpoint cannot be written"));
}

TEST(ArrayMisuse, ATestFileMustHaveCellsOfItsOwn) {
  const Folder folder;
  write_cells(folder);
  const std::string command = "complete -q --json --columns day,place,hour,value rest.csv --test ";
  const auto prepared = run_shell("cd " + (folder / "") +
                                  " && sed 2,31d l.csv > rest.csv && sed -n 1,41p l.csv > part.csv"
                                  " && sed -n '1p;32,$p' l.csv > over.csv && sed -n 1,31p l.csv > own.csv");
  ASSERT_EQ(prepared.status, 0);
  const auto over = run_shell(in(folder, command + "over.csv"));
  EXPECT_EQ(over.status, 3);
  EXPECT_THAT(over.err, HasSubstr("over.csv"));
  EXPECT_THAT(over.err, HasSubstr("in the files before it already"));
  const auto part = run_shell(in(folder, command + "part.csv"));
  ASSERT_EQ(part.status, 0) << part.err;
  EXPECT_EQ(json::parse(part.out)["held_out"]["count"], 30);
  EXPECT_THAT(json::parse(part.out)["warnings"].dump(), HasSubstr("10 of its 40 cells"));
  const auto own = run_shell(in(folder, command + "own.csv"));
  EXPECT_THAT(json::parse(own.out)["warnings"].dump(), testing::Not(HasSubstr("cells are in")));
  const auto both = run_shell(in(folder, command + "own.csv --held-out 0.2"));
  EXPECT_EQ(both.status, 2);
  EXPECT_THAT(both.err, HasSubstr("--held-out"));
  EXPECT_EQ(run_shell(in(folder, command + "own.csv --valid part.csv --validation 0.2")).status, 2);
}

TEST(ArrayMisuse, ATestFileOfZerosHasNoFacts) {
  const Folder folder;
  std::ofstream facts(folder / "facts.tns"), zeros(folder / "zeros.tns");
  for (int i = 0; i < 60; ++i) facts << i % 10 + 1 << ' ' << i / 10 + 1 << ' ' << (7 * i) % 11 + 1 << " 1\n";
  zeros << "10 6 1 0\n9 6 1 0\n";
  facts.close(), zeros.close();
  for (const char* option : {"--test", "--valid"}) {
    const auto run = run_shell(
        in(folder, std::string("complete -q facts.tns --loss logistic --absent zero ") + option + " zeros.tns"));
    EXPECT_EQ(run.status, 3) << run.err;
    EXPECT_THAT(run.err, HasSubstr("names no fact"));
  }
}

TEST(ArrayMisuse, OptionsWithoutEffectAreRefused) {
  const Folder folder;
  write_cells(folder);
  const std::vector<std::pair<const char*, const char*>> refused = {
      {"--max-rank 3", "--max-rank"},
      {"--model overlap --max-rank 3", "--max-rank"},
      {"--stop-at-rank 2", "--stop-at-rank"},
      {"--depth 4", "--depth"},
      {"--model cp --tolerance 1e-3", "--tolerance"},
      {"--max-iterations 7", "--max-iterations"},
      {"--center mean", "--center"},
      {"--standardize columns", "--standardize"},
      {"--sweeps 5", "--sweeps"},
      {"--width 5", "--width"},
      {"--alpha 0.1", "--alpha"},
      {"--no-clip", "--no-clip"},
      {"--optimizer adam", "--engine gd"},
      {"--scale 1e-3", "--engine gd"},
      {"--delta 2", "--loss huber"},
      {"--ranked-modes 1", "--absent zero"},
      {"--engine gd --initialization identity", "--initialization"},
      {"--engine gd --depth 3", "--depth"},
      {"--engine gd --match 0", "--match"},
      {"--engine gd --max-time 3", "--max-time"},
      {"--model matrix --weight-decay 1", "--motion faithful"},
      {"--model matrix --motion faithful --strategy noisy", "--strategy"},
      {"--missing abc", "--missing abc"},
  };
  for (const auto& [words, told] : refused) {
    const auto run = run_shell(in(folder, std::string("complete -q cube.npz ") + words));
    EXPECT_EQ(run.status, 2) << words << ": " << run.err;
    EXPECT_THAT(run.err, HasSubstr(told)) << words;
  }
  test::write_bytes(folder / "table.csv", "1,2,3\n4,,6\n7,8,9\n");
  for (const char* words : {"--tree \"(0,1)\"", "--loss huber", "--delta 2", "--ranked-modes 1", "--absent zero"}) {
    const auto run = run_shell(in(folder, std::string("complete -q table.csv ") + words));
    EXPECT_EQ(run.status, 2) << words << ": " << run.err;
    EXPECT_THAT(run.err, HasSubstr("is for arrays"));
  }
  EXPECT_EQ(run_shell(in(folder, "check table.csv --absent zero")).status, 2);
  EXPECT_EQ(run_shell(in(folder, "convert table.csv other.csv --absent zero")).status, 2);
}

TEST(ArrayMisuse, ReadingOptionsWithoutEffectAreWarnedOf) {
  const Folder folder;
  write_cells(folder);
  const std::vector<std::pair<const char*, const char*>> warned = {
      {"--columns 1,2,3,4", "--columns has no effect"}, {"--weight w", "--weight has no effect"},
      {"--delimiter tab", "--delimiter has no effect"}, {"--index-base 0", "--index-base has no effect"},
      {"--missing -77", "--missing -77: no value"},
  };
  for (const auto& [words, told] : warned) {
    const auto run = run_shell(in(folder, std::string("check cube.npz --json ") + words));
    EXPECT_EQ(run.status, 0) << words << ": " << run.err;
    EXPECT_THAT(json::parse(run.out)["warnings"].dump(), HasSubstr(told)) << words;
  }
  const auto run = run_shell(in(folder, "complete cube.npz --json --missing -77"));
  EXPECT_THAT(json::parse(run.out)["warnings"].dump(), HasSubstr("--missing -77"));
  EXPECT_THAT(run.err, HasSubstr("--missing -77"));
  Archive matrix;
  matrix.set("x", Matrix(Matrix::Random(4, 3)));
  matrix.write(folder / "matrix.npz");
  const auto table = run_shell(in(folder, "check matrix.npz --json --columns 1,2 --missing 0 --delimiter tab"));
  EXPECT_EQ(json::parse(table.out)["warnings"].size(), 3u) << table.out << table.err;
  const auto list = run_shell(in(folder, "check l.csv --columns 1,2,3,4 --array zzz --missing 0,-77 --json"));
  const std::string text = json::parse(list.out)["warnings"].dump();
  EXPECT_THAT(text, HasSubstr("--array has no effect"));
  EXPECT_THAT(text, HasSubstr("--missing -77"));
}

// Sums of random outer products have full rank; the limit is one of components, of any model that has one.
TEST(ArrayMisuse, MaxRankLimitsTheModelsThatHaveARank) {
  const Folder folder;
  std::vector<double> cells;
  for (Index k = 0; k < Index{9} * 8 * 7; ++k) {
    Rng rng(8, 2, static_cast<std::uint64_t>(k));
    cells.push_back(rng.uniform() < 0.1 ? kNaN
                                        : rng.normal() + static_cast<double>(k % 7) * static_cast<double>(k / 56));
  }
  Archive archive;
  archive.set("cube", Array{{9, 8, 7}, cells});
  archive.write(folder / "noise.npz");
  for (const char* model : {"cp", "tree", "matrix"}) {
    const auto run = run_shell(in(folder, std::string("complete -q --json noise.npz --max-rank 1 --model ") + model));
    ASSERT_THAT(run.status, testing::AnyOf(0, 1)) << run.err;
    EXPECT_LE(json::parse(run.out)["rank"], 1) << model;
  }
}

TEST(ArrayMisuse, AListWithoutASingleGoodLineNamesTheFirst) {
  const Folder folder;
  const std::vector<std::array<const char*, 3>> cases = {
      {"1 1.5 1 1.0\n", ":1: found '1.5', expected a position", "x.tns"},
      {"1 1 1 nan\n1 1 2 inf\n", ":2: found 'inf'", "x.tns"},
      {"1 1 a 3\n", ":1: found 'a'", "x.tns"},
      {"a,b,c,value\n1,1,1,x\n", ":2: found 'x'", "x.csv"}};
  for (const auto& [text, told, name] : cases) {
    test::write_bytes(folder / name, text);
    const bool tns = std::string(name).ends_with(".tns");
    const auto run = run_shell(in(folder, std::string("check ") + (tns ? "" : "--columns 1,2,3,4 ") + name));
    EXPECT_EQ(run.status, 3);
    EXPECT_THAT(run.err, HasSubstr(std::string(name) + told)) << text;
  }
}

TEST(ArrayMisuse, AnArrayOnStandardInputIsTurnedAwayInWords) {
  const Folder folder;
  write_cells(folder);
  ASSERT_EQ(run_shell(in(folder, "convert cube.npz cube.npy")).status, 0);
  const auto run = run_shell(in(folder, "complete - < cube.npy"));
  EXPECT_EQ(run.status, 3);
  EXPECT_THAT(run.err, HasSubstr("save it as a file"));
}

TEST(ArrayMisuse, IntervalsThatTheCalibrationIsTooSmallForAreLeftOutAndSaid) {
  const Folder folder;
  write_cells(folder);
  const auto run =
      run_shell(in(folder, "complete -q --json cube.npz --model-file m.npz --intervals 0.999 -o full.csv"));
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.err, HasSubstr("calibration is too small for intervals of level 0.999"));
  EXPECT_THAT(json::parse(run.out)["warnings"].dump(), HasSubstr("calibration is too small"));
  EXPECT_THAT(test::read_bytes(folder / "full.csv"), testing::Not(testing::ContainsRegex("inf|nan")));
  EXPECT_EQ(run_shell(in(folder, "predict m.npz --all-cells --intervals 0.999 -o p.csv")).status, 3);
}

TEST(ArrayMisuse, IntervalsInAnNpzKeepNamesAndAreReadAgain) {
  const Folder folder;
  write_cells(folder);
  ASSERT_EQ(run_shell("cd " + (folder / "") +
                      " && sed 's/^\\([0-9]\\)/d\\1/' l.csv > named.csv && $RANKFLOW convert "
                      "--shape dense --columns 1,2,3,4 named.csv named.npz")
                .status,
            0);
  const auto run = run_shell(in(folder, "complete -q named.npz --intervals 0.8 -o full.npz"));
  ASSERT_EQ(run.status, 0) << run.err;
  const Archive full = Archive::read(folder / "full.npz");
  EXPECT_EQ(full.get_strings("mode_1_names").front(), "d0");
  EXPECT_TRUE(full.has("value") && full.has("low") && full.has("high") && full.has("titles"));
  const auto check = run_shell(in(folder, "check full.npz --json"));
  EXPECT_EQ(json::parse(check.out)["observed"], 8 * 7 * 6) << check.err;
}

TEST(ArrayMisuse, DigitsAndShapeHoldForArrays) {
  const Folder folder;
  write_cells(folder);
  ASSERT_EQ(run_shell(in(folder, "convert --digits 2 cube.npz two.npy")).status, 0);
  ASSERT_EQ(run_shell(in(folder, "complete -q --digits 2 cube.npz -o full.npy")).status, 0);
  const Archive cube = Archive::read(folder / "cube.npz");
  const auto& given = std::get<std::vector<double>>(cube.at("cube").data);
  const Array two = read_array(folder / "two.npy"), full = read_array(folder / "full.npy");
  for (std::size_t k = 0; k < given.size(); ++k) {
    const double a = std::get<std::vector<double>>(two.data)[k], b = std::get<std::vector<double>>(full.data)[k];
    char text[32];
    std::snprintf(text, sizeof text, "%.1e", std::isnan(given[k]) ? b : given[k]);
    if (!std::isnan(given[k])) {
      EXPECT_EQ(a, std::stod(text));
      EXPECT_EQ(b, given[k]);
    } else {
      EXPECT_TRUE(std::isnan(a));
      EXPECT_EQ(b, std::stod(text));
    }
  }
  ASSERT_EQ(run_shell(in(folder, "convert --shape triplets cube.npz list.npz")).status, 0);
  EXPECT_TRUE(Archive::read(folder / "list.npz").has("index"));
  ASSERT_EQ(run_shell(in(folder, "convert --shape dense list.npz dense.npz")).status, 0);
  EXPECT_FALSE(Archive::read(folder / "dense.npz").has("index"));
  EXPECT_EQ(run_shell(in(folder, "convert --shape triplets cube.npz list.npy")).status, 2);
}

TEST(ArrayMisuse, ConvertSaysWhichNamesAndWeightsAreLost) {
  const Folder folder;
  test::write_bytes(folder / "l.csv", "a,b,c,value,w\nx,1,1,2,1\ny,2,2,3,2\nx,2,1,4,1\n");
  const std::string convert = "convert --columns a,b,c,value --weight w l.csv ";
  const auto plain = run_shell(in(folder, "convert --columns a,b,c,value l.csv out.tns"));
  EXPECT_EQ(plain.status, 0);
  EXPECT_THAT(plain.err, HasSubstr("out.tns does not hold names: those of mode 1"));
  const auto array = run_shell(in(folder, convert + "out.npy"));
  EXPECT_THAT(array.err, testing::AllOf(HasSubstr("those of mode 1"), HasSubstr("no weights")));
  const auto list = run_shell(in(folder, convert + "out.npz"));
  EXPECT_THAT(list.err, testing::Not(testing::AnyOf(HasSubstr("does not hold"), HasSubstr("no weights"))));
}

// Of 7e14 cells none is looked at one by one.
TEST(ArrayMisuse, UnknownIdsAreAnsweredAtOnce) {
  const Folder folder;
  std::ofstream list(folder / "long.tns");
  for (int k = 0; k < 80; ++k)
    list << k * 3701 % 100'000 + 1 << ' ' << k * 5303 % 90'000 + 1 << ' ' << k * 9109 % 80'000 + 1 << ' ' << k % 7
         << '\n';
  list.close();
  test::write_bytes(folder / "asked.csv", "0,0,0\n0,5,0\n");
  const auto fit = run_shell(in(folder, "complete -q long.tns --model matrix --time-limit 1 --model-file m.npz"));
  ASSERT_THAT(fit.status, testing::AnyOf(0, 1)) << fit.err;
  const auto run = run_shell("cd " + (folder / "") + " && timeout 10 $RANKFLOW predict -q m.npz asked.csv");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 3);
}

}  // namespace
}  // namespace rankflow
