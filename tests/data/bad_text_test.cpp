// Bad text: each kind is refused with its place, what was found and what to do, or treated as documented.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rankflow/error.h"
#include "support/tables.h"

namespace rankflow {
namespace {

using test::message_of;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kHeader = "user,item,rating\n";

TEST(BadTriplets, NameTheLineOfAValueThatIsNoNumber) {
  EXPECT_THAT(message_of(kHeader + "a,x,1\nb,x,good\n"), HasSubstr("test.csv:3: found 'good', expected a number"));
}
TEST(BadTriplets, ExplainDecimalCommasAndPercentSigns) {
  EXPECT_THAT(message_of("user;item;rating\na;x;3,5\n"), HasSubstr("decimal point"));
  EXPECT_THAT(message_of(kHeader + "a,x,12%\n"), HasSubstr("percent"));
}
TEST(BadTriplets, RefuseInfiniteAndTooLargeValues) {
  EXPECT_THAT(message_of(kHeader + "a,x,inf\n"), HasSubstr("test.csv:2: found 'inf', expected a finite number"));
  EXPECT_THAT(message_of(kHeader + "a,x,1e999\n"), HasSubstr("finite"));
}
TEST(BadTriplets, NameBothLinesOfADuplicate) {
  EXPECT_THAT(message_of("# c\n" + kHeader + "a,x,1\n\nb,x,NA\nb,y,2\na,x,3\n"),
              AllOf(HasSubstr("test.csv:7: row a and column x have the value 3 here and 1 on line 3"),
                    HasSubstr("--duplicates mean")));
}
TEST(BadTriplets, NameTheColumnsThatMayTellDuplicatesApart) {
  EXPECT_THAT(message_of("user,place,hour,count\na,x,1,5\na,x,2,6\n"),
              HasSubstr("if further columns tell them apart, pass --columns user,place,hour,count (an array"));
  EXPECT_THAT(message_of("user,item,rating,a time\na,x,1,5\na,x,2,6\n"), HasSubstr("--columns user,item,4,rating"));
  EXPECT_THAT(message_of(kHeader + "a,x,1\na,x,3\n"), Not(HasSubstr("--columns")));
}
TEST(BadTriplets, NameRaggedLines) {
  EXPECT_THAT(message_of(kHeader + "a,x,1\nb,x\n"), HasSubstr("test.csv:3: found 2 fields, expected 3 as on line 2"));
  EXPECT_THAT(message_of(kHeader + "a,x,1\nb,x, y,2\n"), HasSubstr("put quotes around"));
}
TEST(BadTriplets, RefuseEmptyIds) {
  EXPECT_THAT(message_of(kHeader + "a,,1\n"), HasSubstr("test.csv:2: the column id is empty"));
}
TEST(BadTriplets, RefuseQuotesThatDoNotEnd) {
  EXPECT_THAT(message_of(kHeader + "\"a,x,1\nb,x,2\n"), HasSubstr("test.csv:2: a quoted field does not end"));
}
TEST(BadTriplets, RefuseWeightsThatAreNotPositive) {
  for (const char* weight : {"0", "-1", "x", "", "inf", "1e-60"})
    EXPECT_THAT(message_of(fmt::format("user,item,rating,w\na,x,1,{}\n", weight), {.weight = "w"}),
                HasSubstr("test.csv:2: found the weight"));
}
TEST(BadTriplets, ListTheColumnsWhenANameIsWrong) {
  EXPECT_THAT(message_of(kHeader + "a,x,1\n", {.columns = "user,film,rating"}),
              HasSubstr("there is no column 'film' (--columns); the file has 'user', 'item', 'rating'"));
  EXPECT_THAT(message_of("1,2,3\n1,3,3\n", {.columns = "1,2,4"}), HasSubstr("positions 1 to 3"));
  EXPECT_THAT(message_of(kHeader + "a,x,1\n", {.weight = "w"}), HasSubstr("there is no column 'w' (--weight)"));
}
TEST(BadTriplets, NeedTwoOrThreeColumnNames) {
  EXPECT_THROW(test::read_bytes_as_table(kHeader + "a,x,1\n", {.columns = "user"}), OptionError);
}
TEST(BadTriplets, TakeNoColumnTwice) {
  for (const char* columns : {"user,user,user", "user,item,user", "user,1,rating"})
    EXPECT_THROW(test::read_bytes_as_table(kHeader + "a,x,1\n", {.columns = columns}), OptionError) << columns;
  EXPECT_THROW(
      test::read_bytes_as_table("a,b,c\n1.5,2,3\n4,5,6\n", {.format = ReadOptions::Format::dense, .columns = "b,b"}),
      OptionError);
  // Two columns of one name are told apart by their positions.
  EXPECT_EQ(test::cells(test::read_bytes_as_table("a,a,c\n1.5,2,3\n4,5,6\n",
                                                  {.format = ReadOptions::Format::dense, .columns = "1,2"})),
            "1.5 2\n4 5\n");
}
TEST(BadTriplets, NeedAsManyColumnsAsTheFormatHas) {
  EXPECT_THAT(message_of("5\n6\n", {.format = ReadOptions::Format::triplets}), HasSubstr("expected at least"));
}

TEST(BadTable, NamesTheLineAndColumnOfACell) {
  EXPECT_THAT(message_of("a,b,c\n1.5,2,3\n4,x,6\n"),
              HasSubstr("test.csv:3: column 2 'b': found 'x', expected a number or a hole"));
  EXPECT_THAT(message_of("a,b,c\n1.5,2,3\n4,-inf,6\n"), HasSubstr("expected a finite number"));
}
TEST(BadTable, NamesRaggedLines) {
  EXPECT_THAT(message_of("a,b,c\n1.5,2,3\n4,5\n"), HasSubstr("test.csv:3: found 2 fields, expected 3"));
  EXPECT_THAT(message_of("1.5 2 3\n4  6\n1 2 3\n"), HasSubstr("write holes as NA"));
  EXPECT_THAT(message_of("a,b,c,d,e\n1.5,2,3\n4,5,6\n"),
              HasSubstr("test.csv:1: the header has 5 fields, the lines below have 3"));
}
TEST(BadTable, SaysThatDuplicatesAreNoMatterThere) {
  const std::string dense = "a,b,c\n1.5,2,3\n4,,6\n";
  EXPECT_TRUE(test::any_contains(
      test::read_bytes_as_table(dense, {.duplicates = ReadOptions::Duplicates::mean}).warnings, "--duplicates"));
  EXPECT_FALSE(test::any_contains(test::read_bytes_as_table(dense).warnings, "--duplicates"));
  EXPECT_FALSE(test::any_contains(
      test::read_bytes_as_table(kHeader + "a,x,1\n", {.duplicates = ReadOptions::Duplicates::mean}).warnings,
      "--duplicates"));
}
TEST(BadTable, OfOnlyHolesIsRefused) {
  EXPECT_THAT(message_of("a,b\n,\nNA,\n"), HasSubstr("none of the 2 x 2 cells is observed"));
}
TEST(BadTable, OfOnlyNamesIsRefused) {
  EXPECT_THAT(message_of("name\nx\ny\n", {.format = ReadOptions::Format::dense}),
              HasSubstr("expected a number or a hole"));
}
TEST(BadTable, WarnsAboutACommentThatLooksLikeData) {
  EXPECT_TRUE(test::any_contains(test::read_bytes_as_table("name,a\nx,1.5\n#y,2\n").warnings, "the first is line 3"));
}

TEST(BadFile, IsNamedWhenEmptyMissingOrAFolder) {
  const test::Folder folder;
  EXPECT_THAT(message_of(""), HasSubstr("test.csv: the file is empty"));
  test::write_bytes(folder / "empty.csv", "");
  EXPECT_THAT(test::message([&] { read_table(folder / "empty.csv"); }), HasSubstr("empty.csv: the file is empty"));
  EXPECT_THAT(test::message([&] { read_table(folder / "no.csv"); }), HasSubstr("No such file or directory"));
  EXPECT_THAT(test::message([&] { read_table(folder.path()); }), HasSubstr("is a folder"));
}
// Found by fuzzing: a header shorter than the lines below was read past its end.
TEST(BadFile, WithAHeaderOfAnotherLengthIsRefusedWhateverTheFormat) {
  for (const auto format : {ReadOptions::Format::automatic, ReadOptions::Format::triplets, ReadOptions::Format::dense})
    EXPECT_THAT(message_of("a\n,1.5,NA\n1,,3,,3\n1,,3,,3\n", {.format = format, .header = ReadOptions::Choice::yes}),
                HasSubstr("the header has 1 fields, the lines below have 5"));
}

// Found by fuzzing: the rule looked at as many fields as the first line has, not as most have.
TEST(BadFile, WithALongFirstLineUnderAShortHeaderIsRefused) {
  EXPECT_THAT(message_of("12::estamp\n1::2::3\n1::3\n2::3\n"), HasSubstr("found 3 fields, expected 2"));
}

TEST(BadFile, WithoutDataIsRefused) {
  EXPECT_THAT(message_of("\n\n \n"), HasSubstr("holds no data"));
  EXPECT_THAT(message_of("# nothing\n"), HasSubstr("only comments"));
  EXPECT_THAT(message_of(kHeader), HasSubstr("test.csv:1: found a header and nothing after it"));
}
TEST(BadFile, OfAnotherKindIsCalledByItsName) {
  EXPECT_THAT(message_of("\x89HDF\r\n\x1a\n"), HasSubstr("the HDF5 file cannot be opened"));
  EXPECT_THAT(message_of("PAR1xxxx"), HasSubstr("pandas.read_parquet"));
  EXPECT_THAT(message_of("\xff\xd8\xff\xe0"), HasSubstr("JPEG"));
  EXPECT_THAT(message_of("\xff\xfe"
                         "1"),
              HasSubstr("UTF-16"));
  EXPECT_THAT(message_of(std::string("ab\0cd\n", 6)), HasSubstr("binary data"));
  EXPECT_THAT(message_of("1,2\r3,4\r"), HasSubstr("carriage return"));
}
TEST(BadFile, ThatIsATensorIsCalledOne) {
  EXPECT_THAT(message_of("1 2 3 0.5\n1 2 4 0.5\n", {}, "a.tns"), HasSubstr("a tensor of 3 modes"));
}
TEST(BadFile, CutOffOrDamagedInGzipIsRefused) {
  const test::Folder folder;
  std::string text = kHeader;
  for (int i = 0; i < 5000; ++i) text += fmt::format("u{},v{},{}\n", i / 7, i % 7, i * i % 1000);
  test::write_bytes(folder / "a.csv", text);
  ASSERT_EQ(std::system(("gzip " + (folder / "a.csv")).c_str()), 0);
  const std::string packed = test::read_bytes(folder / "a.csv.gz");
  for (const std::size_t size : {packed.size() - 1, packed.size() / 2, std::size_t{5}})
    EXPECT_THAT(message_of(packed.substr(0, size)), HasSubstr("cut off")) << size;
  std::string damaged = packed;
  damaged[damaged.size() / 2] ^= 0x55;
  EXPECT_THAT(message_of(damaged), testing::Not(HasSubstr("no InputError")));
}

TEST(Inspection, ListsEveryFlawWithItsLineAndRepairsTheTable) {
  const test::Folder folder;
  test::write_bytes(folder / "a.csv", kHeader + "a,x,1\na,y,bad\nb\n,x,2\nb,x,3\nb,x,5\n");
  const Inspection inspection = inspect_table(folder / "a.csv");
  ASSERT_EQ(inspection.num_flaws, 4);
  std::vector<Index> lines;
  for (const Flaw& flaw : inspection.flaws) {
    lines.push_back(flaw.line);
    EXPECT_FALSE(flaw.problem.empty());
    EXPECT_FALSE(flaw.repair.empty());
  }
  EXPECT_THAT(lines, testing::ElementsAre(3, 4, 5, 7));
  EXPECT_EQ(test::cells(inspection.table), "1\n4\n");
}

TEST(Inspection, CountsAllFlawsAndKeepsTheFirst) {
  const test::Folder folder;
  std::string text = kHeader;
  for (int i = 0; i < 50; ++i) text += fmt::format("a,x{},oops\n", i);
  for (int i = 0; i < 100; ++i) text += fmt::format("b,x{},1\nb,x{},2\n", i, i);
  test::write_bytes(folder / "a.csv", text);
  const Inspection inspection = inspect_table(folder / "a.csv", {}, 10);
  EXPECT_EQ(inspection.num_flaws, 150);
  EXPECT_EQ(inspection.flaws.size(), 10u);
}

}  // namespace
}  // namespace rankflow
