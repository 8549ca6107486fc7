// Writers: what is written reads back the same, observed values to the last bit, and a full disk leaves nothing.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "data/output_file.h"
#include "rankflow/rng.h"
#include "rankflow/write.h"
#include "support/tables.h"

namespace rankflow {
namespace {

using test::cells;
using test::Folder;
using test::message;
using test::names;
using test::read_bytes_as_table;
using testing::HasSubstr;

// Values with long expansions, names that need quotes.
Table awkward_triplets() {
  std::string text = "user id,\"item, kind\",rating\n";
  for (int k = 0; k < 500; ++k) {
    Rng rng(5, k);
    const char* names[] = {"plain", "\"with, comma\"", "\"say \"\"hi\"\"\"", "größe", "\"#hash\"", "\" edge \"", "007"};
    text += fmt::format("{},{},{}\n", k, names[k % 7], rng.normal() * std::pow(10.0, static_cast<double>(k % 30) - 15));
  }
  return read_bytes_as_table(text, {.format = ReadOptions::Format::triplets});
}

void expect_same(const Table& after, const Table& before, const std::string& what) {
  EXPECT_EQ(after.value, before.value) << what;
  EXPECT_EQ(after.column, before.column) << what;
  EXPECT_EQ(after.row_begin, before.row_begin) << what;
  EXPECT_EQ(names(after.rows), names(before.rows)) << what;
  EXPECT_EQ(names(after.columns), names(before.columns)) << what;
}

TEST(TripletWriters, GiveBackIdsTitlesAndEveryBit) {
  const Folder folder;
  const Table before = awkward_triplets();
  for (const char* name : {"a.csv", "a.tsv", "a.csv.gz", "a.npz"}) {
    write_table(folder / name, before);
    const Table after = read_table(folder / name, {.format = ReadOptions::Format::triplets});
    expect_same(after, before, name);
    EXPECT_EQ(after.rows.title, "user id") << name;
    EXPECT_EQ(after.columns.title, "item, kind") << name;
    EXPECT_EQ(after.value_title, "rating") << name;
  }
}

TEST(TripletWriters, GiveBackWeights) {
  const Folder folder;
  const Table before = read_bytes_as_table("user,item,rating,w\na,x,1,0.1\nb,y,2,3\n", {.weight = "w"});
  for (const char* name : {"a.csv", "a.npz"}) {
    write_triplets(folder / name, before);
    EXPECT_EQ(read_table(folder / name, {.weight = name[2] == 'c' ? "weight" : ""}).weight, before.weight) << name;
  }
}

TEST(TripletWriters, WriteMatrixMarketWithPositions) {
  const Folder folder;
  const Table before = awkward_triplets();
  write_table(folder / "a.mtx", before);
  const Table after = read_table(folder / "a.mtx");
  EXPECT_EQ(after.value, before.value);
  EXPECT_EQ(after.column, before.column);
}

TEST(TripletWriters, WriteAskedForPairsInTheirOrder) {
  const Folder folder;
  const Table table = read_bytes_as_table("user,item,rating\na,x,1\nb,y,2\n");
  write_triplets(folder / "a.csv", table, Entries{{1, 0}, {0, 1}, {3.5, 4}, {}});
  EXPECT_EQ(test::read_bytes(folder / "a.csv"), "user,item,rating\nb,x,3.5\na,y,4\n");
}

TEST(DenseWriters, GiveBackHolesNamesAndEveryBit) {
  const Folder folder;
  std::string text = "name,a,\"b, c\",d\n";
  for (int i = 0; i < 100; ++i) {
    Rng rng(6, i);
    text += fmt::format("r{},{},,{}\n", i, rng.normal() * 1e-9, rng.normal() * 1e200);
  }
  text += "last,,1,\n";
  const Table before = read_bytes_as_table(text);
  for (const char* name : {"a.csv", "a.tsv", "a.csv.gz", "a.npz"}) {
    write_table(folder / name, before);
    expect_same(read_table(folder / name), before, name);
  }
  write_table(folder / "a.npy", before);
  EXPECT_EQ(read_table(folder / "a.npy").value, before.value);
}

TEST(DenseWriters, KeepHeaderAndNamesOnlyWhereTheInputHadThem) {
  const Folder folder;
  for (const char* text :
       {"1.5,2\n3,\n", "a,b\n1.5,2\n3,\n", "x,1.5,2\ny,3,\n", ",a,b\nx,1.5,2\ny,3,\n", "k,a,b\nx,1.5,2\ny,3,\n"}) {
    write_table(folder / "a.csv", read_bytes_as_table(text));
    EXPECT_EQ(test::read_bytes(folder / "a.csv"), text);
  }
}

TEST(DenseWriters, FillHolesAndLeaveObservedCellsAlone) {
  const Folder folder;
  const Table table = read_bytes_as_table("a,b,c\n0.1,,3\n,5,0.30000000000000004\n");
  const auto fill = [](Index i, Index j) { return static_cast<double>(i) + static_cast<double>(j) / 3; };
  write_dense(folder / "a.csv", table, fill, {.digits = 3});
  EXPECT_EQ(test::read_bytes(folder / "a.csv"), "a,b,c\n0.1,0.333,3\n1,5,0.30000000000000004\n");
  write_dense(folder / "a.csv", table, fill, {.digits = 3, .keep_observed = false});
  EXPECT_EQ(test::read_bytes(folder / "a.csv"), "a,b,c\n0,0.333,0.667\n1,1.33,1.67\n");
  for (const char* name : {"a.npy", "a.npz", "a.mtx"}) {
    write_dense(folder / name, table, fill);
    EXPECT_EQ(cells(read_table(folder / name)), fmt::format("0.1 {} 3\n1 5 0.30000000000000004\n", 1.0 / 3)) << name;
  }
}

TEST(DenseWriters, LeaveAHoleWhereTheComputedValueIsNaN) {
  const Folder folder;
  write_dense(folder / "a.csv", read_bytes_as_table("a,b\n1.5,\n,2\n"), [](Index, Index) { return kNaN; });
  EXPECT_EQ(test::read_bytes(folder / "a.csv"), "a,b\n1.5,\n,2\n");
}

TEST(Writers, RefuseNamesAndFormatsThatCannotHoldTheTable) {
  const Folder folder;
  const Table table = read_bytes_as_table("a,b\n1.5,\n,2\n");
  EXPECT_THROW(write_table(folder / "a.xyz", table), OptionError);
  EXPECT_THROW(write_table(folder / "a.npz.gz", table), OptionError);
  EXPECT_THROW(write_triplets(folder / "a.png", table), OptionError);
  EXPECT_THROW(write_dense(folder / "a.mtx", table), OptionError);
  EXPECT_TRUE(folder.files().empty());
}

TEST(Writers, OnAFullDiskNameTheReasonAndLeaveTheOldFile) {
  const Table table = read_bytes_as_table("a,b\n1.5,\n,2\n");
  EXPECT_THAT(message([&] { write_table("/dev/full", table); }),
              HasSubstr("/dev/full: cannot write: No space left on device"));
  const Table large = awkward_triplets();
  const Folder folder;
  struct rlimit old {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  for (const char* name : {"a.csv", "a.csv.gz", "a.npz", "a.mtx"}) {
    write_table(folder / name, table);
    const std::string before = test::read_bytes(folder / name);
    const struct rlimit small = {1000, old.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    const std::string text = message([&] { write_table(folder / name, large); });
    setrlimit(RLIMIT_FSIZE, &old);
    EXPECT_THAT(text, HasSubstr(std::string(name) + ": cannot write: File too large"));
    EXPECT_EQ(test::read_bytes(folder / name), before) << name;
  }
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(folder.files().size(), 4u);
}

TEST(Writers, FollowALinkInsteadOfReplacingIt) {
  const Folder folder;
  const Table table = read_bytes_as_table("a,b\n1.5,\n,2\n");
  write_table(folder / "real.csv", table);
  std::filesystem::create_symlink(folder / "real.csv", folder / "link.csv");
  write_table(folder / "link.csv", read_bytes_as_table("a,b\n1.5,7\n,2\n"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link.csv"));
  EXPECT_EQ(test::read_bytes(folder / "real.csv"), "a,b\n1.5,7\n,2\n");
}

TEST(Writers, SayThatTheFolderIsMissing) {
  const Folder folder;
  EXPECT_THAT(message([&] { write_table(folder / "no/a.csv", awkward_triplets()); }),
              HasSubstr("the folder has to exist"));
}

TEST(OutputFile, OfTwoWritersToOnePathTheLastOneToFinishWins) {
  const test::Folder folder;
  OutputFile one(folder / "a.txt"), two(folder / "a.txt");
  one.write("first ");
  two.write("second");
  one.write("whole");
  two.finish();
  EXPECT_EQ(test::read_bytes(folder / "a.txt"), "second");
  one.finish();
  EXPECT_EQ(test::read_bytes(folder / "a.txt"), "first whole");
  { OutputFile(folder / "a.txt").write("given up"); }
  EXPECT_EQ(folder.files(), std::vector<std::string>{"a.txt"});
  const std::string longest(255, 'n');  // what file systems allow: the part's name must not be longer
  write_file(folder / longest, "x");
  EXPECT_EQ(test::read_bytes(folder / longest), "x");
}

}  // namespace
}  // namespace rankflow
